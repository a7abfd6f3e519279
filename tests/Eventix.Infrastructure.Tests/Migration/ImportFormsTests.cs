using System.Text.Json;
using Eventix.Application.Migration;
using Eventix.Testing.Migration;
using MongoDB.Bson;
using MongoDB.Bson.Serialization;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>The public data set comes out the same from whatever form it is read.</summary>
public sealed class ImportFormsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("task.bson")]
    [InlineData("task.canonical.ndjson.gz")]
    [InlineData("task.relaxed.ndjson.gz")]
    [InlineData("server")]
    public async Task The_numbers_are_those_that_were_expected(string form)
    {
        using var expected = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(ImportCase.Data, "expected.json"), Cancel));
        await using var peer = new MongoPeer();
        await using var import = await ImportCase.StartAsync();
        if (form == "server")
            peer.Collections.Put(Documents());

        var sums = await import.ImportFromAsync(form == "server" ? peer.Uri() : Path.Combine(ImportCase.Data, form));

        sums.Should().Be(new ImportSummary(Number("documents"), Number("rows_after"), Number("merged"), Skipped: 0, Number("rejected")));
        (await CountsAsync("status")).Should().Equal(Counts("by_status_after"));
        (await CountsAsync("namespace")).Should().Equal(Counts("by_namespace_after"));
        import.Report().Should().HaveCount(7);

        long Number(string name) => expected.RootElement.GetProperty(name).GetInt64();

        Dictionary<string, long> Counts(string name) =>
            expected.RootElement.GetProperty(name).EnumerateObject().ToDictionary(count => count.Name, count => count.Value.GetInt64());

        async Task<Dictionary<string, long>> CountsAsync(string column) =>
            JsonSerializer.Deserialize<Dictionary<string, long>>(
                await import.Database.ScalarAsync<string>(
                    $"SELECT json_object_agg(v, n)::text FROM (SELECT {column} AS v, count(*) AS n FROM eventix_task GROUP BY 1) AS counts"
                )
            )!;
    }

    [Fact]
    public async Task Every_exact_form_leaves_the_same_rows_to_the_byte()
    {
        await using var peer = new MongoPeer();
        peer.Collections.Put(Documents());
        var states = new List<string>();
        foreach (
            var from in new[]
            {
                Path.Combine(ImportCase.Data, "task.bson"),
                Path.Combine(ImportCase.Data, "task.canonical.ndjson.gz"),
                peer.Uri(),
            }
        )
        {
            await using var import = await ImportCase.StartAsync();
            await import.ImportFromAsync(from);
            states.Add(await import.StateAsync());
        }

        states.Distinct(StringComparer.Ordinal).Should().ContainSingle();
    }

    [Fact]
    public async Task The_folder_of_the_cli_leaves_the_same_rows_as_the_dump()
    {
        const string row = $"concat_ws('|', eta, updated_at, {ImportCase.Columns})";
        await using var fromDump = await ImportCase.StartAsync();
        await using var fromCli = await ImportCase.StartAsync();
        await fromDump.ImportFromAsync(Path.Combine(ImportCase.Data, "task.bson"));

        var sums = await fromCli.ImportFromAsync(Path.Combine(ImportCase.Data, "cli-dump"));

        sums.Should().Be(new ImportSummary(50, 50, 0, 0, 0));
        (await fromCli.TasksAsync(row)).Should().BeSubsetOf(await fromDump.TasksAsync(row));
    }

    /// <summary>Those of the data set, in the order of its dump.</summary>
    internal static IEnumerable<BsonDocument> Documents()
    {
        using var file = File.OpenRead(Path.Combine(ImportCase.Data, "task.bson"));
        while (file.Position < file.Length)
            yield return BsonSerializer.Deserialize<BsonDocument>(file);
    }
}
