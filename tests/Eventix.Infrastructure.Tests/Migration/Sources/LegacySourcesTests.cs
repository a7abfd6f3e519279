using System.IO.Compression;
using System.Text;
using Eventix.Application.Migration;
using Eventix.Infrastructure.Migration.Sources;
using Eventix.Testing.Migration;
using MongoDB.Bson;
using MongoDB.Bson.IO;
using MongoDB.Bson.Serialization;

namespace Eventix.Infrastructure.Tests.Migration.Sources;

/// <summary>Every form of the public data set, and what is none.</summary>
public sealed class LegacySourcesTests : IDisposable
{
    private static readonly string Data = Path.Combine(AppContext.BaseDirectory, "Migration", "Data");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("evx-source-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("bson")]
    [InlineData("bson.gz")]
    [InlineData("folder")]
    [InlineData("canonical")]
    [InlineData("canonical.gz")]
    [InlineData("canonical array")]
    public async Task Every_exact_form_gives_the_same_bytes(string form)
    {
        var expected = await ReadAsync(Path.Combine(Data, "task.bson"));

        var read = await ReadAsync(await WriteAsync(form));

        read.Should().HaveCount(3027);
        read.Select(document => document.Fault).Should().OnlyContain(fault => fault == null);
        read.Select(document => Convert.ToBase64String(document.Bson))
            .Should()
            .Equal(expected.Select(document => Convert.ToBase64String(document.Bson)));
    }

    [Theory]
    [InlineData("relaxed.gz")]
    [InlineData("relaxed array")]
    public async Task The_relaxed_form_gives_the_same_values_but_for_the_width_of_integers(string form)
    {
        var expected = await ReadAsync(Path.Combine(Data, "task.bson"));

        var read = await ReadAsync(await WriteAsync(form));

        read.Should().HaveCount(expected.Count);
        read.Select(document => Text(Narrowed(Parse(document.Bson))))
            .Except(expected.Select(document => Text(Narrowed(Parse(document.Bson)))))
            .Should()
            .BeEmpty();
    }

    [Fact]
    public async Task The_folder_of_the_cli_gives_the_same_tasks()
    {
        var expected = (await ReadAsync(Path.Combine(Data, "task.bson")))
            .Select(document => Parse(document.Bson))
            .ToDictionary(document => document["_id"]);

        var read = await ReadAsync(Path.Combine(Data, "cli-dump"));

        read.Should().HaveCount(50);
        foreach (var document in read.Select(document => Parse(document.Bson)))
        {
            var same = expected[document["_id"]];
            document.Names.Should().BeEquivalentTo(same.Names);
            foreach (var field in same.Where(field => field.Value.BsonType != BsonType.DateTime))
                document[field.Name].Should().Be(field.Value);
        }
    }

    [Fact]
    public async Task A_running_server_gives_every_document_in_the_order_of_its_id()
    {
        await using var peer = new MongoPeer();
        var expected = (await ReadAsync(Path.Combine(Data, "task.bson"))).Select(document => Parse(document.Bson)).ToList();
        peer.Collections.Put(expected);
        peer.Collections.Put([new BsonDocument { { "_id", new ObjectId("65f000000000000000000001") } }, new BsonDocument { { "_id", 7 } }]);

        var read = await ReadAsync(peer.Uri());

        read.Select(document => Text(Parse(document.Bson))).Should().Equal(peer.Collections.All().Select(Text));
        peer.Log.Should().Contain("getMore");
    }

    [Theory]
    [InlineData("bson.gz")]
    [InlineData("canonical.gz")]
    [InlineData("relaxed array")]
    [InlineData("cli")]
    [InlineData("server")]
    public async Task Reading_goes_on_behind_any_document(string form)
    {
        await using var peer = new MongoPeer();
        peer.Collections.Put((await ReadAsync(Path.Combine(Data, "task.bson"))).Take(300).Select(document => Parse(document.Bson)));
        var from = form == "server" ? peer.Uri() : await WriteAsync(form);
        var whole = await ReadAsync(from);

        foreach (var n in new[] { 0, 1, whole.Count / 2, whole.Count - 2, whole.Count - 1 })
        {
            var rest = await ReadAsync(from, after: whole[n].Position.ToString());

            rest.Select(document => Convert.ToBase64String(document.Bson))
                .Should()
                .Equal(whole.Skip(n + 1).Select(document => Convert.ToBase64String(document.Bson)));
        }
    }

    [Fact]
    public async Task A_running_server_leaves_out_what_is_surely_older_and_finds_single_documents()
    {
        await using var peer = new MongoPeer();
        var time = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
        peer.Collections.Put([
            new BsonDocument { { "_id", "old" }, { "updated_time", time.AddSeconds(-1).UtcDateTime } },
            new BsonDocument { { "_id", "new" }, { "updated_time", time.UtcDateTime } },
            new BsonDocument { { "_id", "text" }, { "updated_time", "2020-01-01" } },
            new BsonDocument { { "_id", "none" } },
        ]);
        await using var source = await LegacySources.OpenAsync(peer.Uri(), Cancel);

        (await ReadAsync(peer.Uri(), since: time))
            .Select(document => Parse(document.Bson)["_id"].AsString)
            .Should()
            .BeEquivalentTo("new", "text", "none");
        var found = await source.FindAsync(["old", "gone"], Cancel);
        Parse(found.Should().ContainSingle().Which.Value)["_id"].AsString.Should().Be("old");
    }

    [Fact]
    public async Task A_broken_json_document_is_a_fault_of_its_own()
    {
        var read = await ReadAsync(
            await WriteAsync(
                "broken.json",
                """{"_id":"a"}{"_id":"b","kwargs":{"n":123456789012345678901234567890}}{"_id":"c","\ud800":1} {"_id":"d"}"""u8
            )
        );

        read.Select(document => document.Fault is null).Should().Equal(true, false, false, true);
        read[1].Fault.Should().Contain("64 bits");
        Encoding.UTF8.GetString(read[1].Bson).Should().StartWith("{\"_id\":\"b\"");
    }

    [Theory]
    [InlineData("""{"_id":"a"}{"_id":""", 11)]
    [InlineData("""[{"_id":"a"},7]""", 13)]
    public async Task A_file_without_an_end_names_where(string json, long offset)
    {
        var path = await WriteAsync("cut.json", Encoding.UTF8.GetBytes(json));

        var reading = () => ReadAsync(path);

        (await reading.Should().ThrowAsync<CorruptDumpException>()).Which.Offset.Should().Be(offset);
    }

    [Fact]
    public async Task Numbers_of_python_are_what_they_are_called()
    {
        var read = await ReadAsync(
            await WriteAsync(
                "nan.json",
                """{"uid":"a\"NaN","revision":"1-a","result":[NaN,-Infinity,Infinity,"NaN",{"$date":"2026-03-01T12:00:00Z"}]}"""u8
            )
        );

        var document = Parse(read.Should().ContainSingle().Which.Bson);
        document["_id"].AsString.Should().Be("a\"NaN");
        document["_rev"].AsString.Should().Be("1-a");
        document["result"]
            .Should()
            .Be(
                new BsonArray
                {
                    double.NaN,
                    double.NegativeInfinity,
                    double.PositiveInfinity,
                    "NaN",
                    new BsonDocument("$date", "2026-03-01T12:00:00Z"),
                }
            );
    }

    [Fact]
    public async Task An_archive_is_refused_with_the_line_that_converts_it()
    {
        foreach (var packed in new[] { false, true })
        {
            byte[] archive = [0x6d, 0xe2, 0x99, 0x81, .. new BsonDocument("concurrent_collections", 4).ToBson()];
            var path = await WriteAsync("dump.archive", packed ? Packed(archive) : archive);

            var opening = () => LegacySources.OpenAsync(path, Cancel);

            (await opening.Should().ThrowAsync<SourceException>())
                .Which.Message.Should()
                .Contain($"mongorestore --archive={path}{(packed ? " --gzip" : "")} --uri=");
        }
    }

    [Theory]
    [InlineData("nothing/here", "does not exist")]
    [InlineData("text.txt", "neither BSON")]
    [InlineData("empty", "has no dump")]
    [InlineData("several", "several databases: name one of")]
    [InlineData("mongodb://user:secret@127.0.0.1:1/?a", "cannot be understood")]
    [InlineData("mongodb://user:secret@127.0.0.1:1/", "names no database")]
    public async Task What_cannot_be_read_is_told_in_one_line(string from, string message)
    {
        await WriteAsync("text.txt", "Hello"u8);
        _folder.CreateSubdirectory("empty");
        foreach (var name in new[] { "one", "two" })
            File.Copy(Path.Combine(Data, "task.bson"), Path.Combine(_folder.CreateSubdirectory("several/" + name).FullName, "task.bson"));

        var opening = () =>
            LegacySources.OpenAsync(
                from.StartsWith("mongodb", StringComparison.Ordinal) ? from : Path.Combine(_folder.FullName, from),
                Cancel
            );

        (await opening.Should().ThrowAsync<SourceException>())
            .Which.Message.Should()
            .Contain(message)
            .And.NotContain("secret")
            .And.NotContain("\n");
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_told_in_one_line()
    {
        var reading = () => ReadAsync("mongodb://user:secret@127.0.0.1:1/eventix?serverSelectionTimeoutMS=300");

        (await reading.Should().ThrowAsync<SourceException>())
            .Which.Message.Should()
            .StartWith("mongodb://127.0.0.1:1/eventix does not answer")
            .And.NotContain("secret")
            .And.NotContain("\n");
    }

    private static async Task<List<LegacyDocument>> ReadAsync(string from, string? after = null, DateTimeOffset? since = null)
    {
        await using var source = await LegacySources.OpenAsync(from, Cancel);
        var documents = new List<LegacyDocument>();
        await foreach (var document in source.ReadAsync(after, since, Cancel))
            documents.Add(document);

        return documents;
    }

    private static BsonDocument Parse(byte[] bson) => BsonSerializer.Deserialize<BsonDocument>(bson);

    private static string Text(BsonValue value) =>
        value.ToJson(new JsonWriterSettings { OutputMode = JsonOutputMode.CanonicalExtendedJson });

    private static BsonValue Narrowed(BsonValue value) =>
        value switch
        {
            BsonInt64 { Value: >= int.MinValue and <= int.MaxValue } number => (int)number.Value,
            BsonDocument document => new BsonDocument(document.Select(field => new BsonElement(field.Name, Narrowed(field.Value)))),
            BsonArray array => new BsonArray(array.Select(Narrowed)),
            _ => value,
        };

    private static byte[] Packed(ReadOnlySpan<byte> bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    private static byte[] Unpacked(string file)
    {
        using var gzip = new GZipStream(File.OpenRead(Path.Combine(Data, file)), CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        gzip.CopyTo(unpacked);
        return unpacked.ToArray();
    }

    private static byte[] Array(byte[] lines) =>
        Encoding.UTF8.GetBytes("[" + Encoding.UTF8.GetString(lines).TrimEnd('\n').Replace("\n", ",\n", StringComparison.Ordinal) + "]\n");

    private async Task<string> WriteAsync(string form)
    {
        var bson = await File.ReadAllBytesAsync(Path.Combine(Data, "task.bson"), Cancel);
        switch (form)
        {
            case "folder":
                Directory.CreateDirectory(Path.Combine(_folder.FullName, "eventix"));
                return Path.GetDirectoryName(Path.GetDirectoryName(await WriteAsync("eventix/task.bson.gz", Packed(bson))))!;
            case "cli":
                return Path.Combine(Data, "cli-dump");
            default:
                return await WriteAsync(
                    "file",
                    form switch
                    {
                        "bson" => bson,
                        "bson.gz" => Packed(bson),
                        "canonical" => Unpacked("task.canonical.ndjson.gz"),
                        "canonical.gz" => await File.ReadAllBytesAsync(Path.Combine(Data, "task.canonical.ndjson.gz"), Cancel),
                        "canonical array" => Array(Unpacked("task.canonical.ndjson.gz")),
                        "relaxed.gz" => await File.ReadAllBytesAsync(Path.Combine(Data, "task.relaxed.ndjson.gz"), Cancel),
                        _ => Array(Unpacked("task.relaxed.ndjson.gz")),
                    }
                );
        }
    }

    private Task<string> WriteAsync(string name, ReadOnlySpan<byte> content)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, content);
        return Task.FromResult(path);
    }
}
