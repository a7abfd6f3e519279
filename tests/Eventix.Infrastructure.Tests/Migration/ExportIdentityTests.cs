using Eventix.Application.Migration;
using Eventix.Infrastructure.Migration;
using Eventix.Infrastructure.Migration.Targets;
using MongoDB.Bson;
using MongoDB.Bson.Serialization;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>Imported and exported again, the legacy dump is what it was, byte for byte, but for the documents named here.</summary>
public sealed class ExportIdentityTests(LegacyDump dump) : IClassFixture<LegacyDump>
{
    private static readonly string Source = Path.Combine(AppContext.BaseDirectory, "Migration", "Data", "task.bson");

    /// <summary>Documents that are tasks here, but come back otherwise, and why.</summary>
    private static readonly Dictionary<string, string> Otherwise = new()
    {
        ["39812d04fd34488b8583f603f46011e0"] = "fields are missing",
        ["c55219ffa7264503a406bf140081aae5"] = "fields are missing",
        ["8e40968120184799ae1f02eb53dad8df"] = "dates are text",
        ["a6af8c5144454b8babaf8e6dc88e9a0c"] = "eta, namespace, priority and status are null",
        ["85037bb9df864537a279ae8ee423e388"] = "counters are 64-bit integers",
        ["ce454e8f86204de9850223c4ee5a40de"] = "the priority is a double",
        ["8bdce9ae3ac44dd7a240e691bba3b123"] = "there is no revision",
        ["002a74b60ea54305af1a74602128fe12"] = "a field is unknown",
        ["bf4a343c263e47069cd13f718c0ba53a"] = "another document was merged into it",
    };

    [Fact]
    public async Task Every_document_with_all_fields_set_comes_back_byte_for_byte()
    {
        var folder = Directory.CreateTempSubdirectory("evx-identity-");
        var sums = await new ExportTasksHandler(dump.DataSource).Handle(
            new ExportTasks(folder.FullName, ExportFormat.Mongodump),
            TestContext.Current.CancellationToken
        );

        var source = Read(Source);
        var exported = Read(Path.Combine(folder.FullName, "eventix", "task.bson"));
        folder.Delete(recursive: true);

        sums.Should().Be(new ExportSummary(3020, 3020, 0, 0));
        exported.Keys.Should().BeSubsetOf(source.Keys).And.HaveCount(3020);
        exported
            .Where(task => !task.Value.AsSpan().SequenceEqual(source[task.Key]))
            .Select(task => task.Key)
            .Should()
            .BeEquivalentTo(Otherwise.Keys);
    }

    private static Dictionary<string, byte[]> Read(string file)
    {
        var documents = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var bytes = File.ReadAllBytes(file);
        for (int at = 0, length; at < bytes.Length; at += length)
        {
            length = BitConverter.ToInt32(bytes, at);
            var document = bytes[at..(at + length)];
            documents.Add(BsonSerializer.Deserialize<BsonDocument>(document)["_id"].ToString()!, document);
        }

        return documents;
    }
}
