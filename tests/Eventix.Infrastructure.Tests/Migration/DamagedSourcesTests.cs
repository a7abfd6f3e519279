using System.IO.Compression;
using System.Text;
using Eventix.Application.Migration;
using Eventix.Infrastructure.Migration.Sources;
using Eventix.Testing.Migration;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>What was cut off, overwritten or never a dump is told, and takes as little with it as can be.</summary>
public sealed class DamagedSourcesTests : IAsyncLifetime
{
    private ImportCase _import = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _import = await ImportCase.StartAsync();

    public ValueTask DisposeAsync() => _import.DisposeAsync();

    [Theory]
    [InlineData("task.bson.gz")]
    [InlineData("task.ndjson.gz")]
    public async Task A_packed_file_that_was_cut_off_anywhere_is_never_taken_for_a_whole_one(string name)
    {
        var documents = Enumerable.Range(0, 50).Select(n => Task($"t{n}")).ToList();
        byte[] content = name.Contains("bson", StringComparison.Ordinal)
            ? [.. documents.SelectMany(document => document.ToBson())]
            : Encoding.UTF8.GetBytes(string.Join('\n', documents.Select(document => document.ToJson())));
        var packed = Pack(content);

        for (var cut = 1; cut < packed.Length; cut += 1 + (packed.Length / 60))
        {
            var import = async () => await ImportAsync(name, packed[..cut], command => command with { DryRun = true });

            (await import.Should().ThrowAsync<Exception>($"{cut} of {packed.Length} bytes are there"))
                .Which.Should()
                .Match<Exception>(told => told is CorruptDumpException || told is SourceException);
        }

        (await ImportAsync(name, packed)).Imported.Should().Be(50);
    }

    [Fact]
    public async Task Packed_files_behind_each_other_are_one()
    {
        byte[] packed = [.. Pack(Task("a").ToBson()), .. Pack(Task("b").ToBson())];

        (await ImportAsync("task.bson.gz", packed)).Imported.Should().Be(2);
    }

    [Theory]
    [InlineData("""{"_id": "b, "task": "t"}""", "a quote is missing")]
    [InlineData("""{"_id": "b", "kwargs": {"x": 1, "task": "t"}""", "a bracket is missing")]
    [InlineData("""{"_id": "b", "args": [1, 2, "task": "t"}""", "an array is not closed")]
    [InlineData("""{"_id": "b", "args": [1, 2}, "task": "t"}""", "the wrong bracket closes")]
    [InlineData("""{"_id": "b", "task": "t"}}""", "a bracket too many")]
    [InlineData("""{"_id": "b", "task":""", "the line was cut off")]
    [InlineData("hello, world", "a line of text")]
    [InlineData("\0\0\0\u0001", "zeros, as a file system leaves them after a crash")]
    public async Task A_broken_line_takes_no_other_with_it(string line, string because)
    {
        var json = string.Join('\n', Task("a").ToJson(), line, Task("c").ToJson(), Task("d").ToJson(), "");

        var sums = await ImportAsync("task.json", Encoding.UTF8.GetBytes(json));

        (await _import.TasksAsync("status")).Should().Contain(["a scheduled", "c scheduled", "d scheduled"], because);
        sums.Imported.Should().Be(sums.Read - sums.Rejected).And.BeGreaterThanOrEqualTo(3);
        (sums.Rejected, _import.Report().Count).Should().Be((1, 1));
        _import.Report()[0]["reason"].AsString.Should().StartWith("The document cannot be read");
    }

    [Theory]
    [InlineData("{\"_id\": \"b\", \"task\"")]
    [InlineData("no document")]
    public async Task What_stands_at_the_end_and_is_no_document_is_told_with_its_length(string end)
    {
        var whole = Task("a").ToJson() + "\n";

        var import = async () => await ImportAsync("task.json", Encoding.UTF8.GetBytes(whole + end));

        (await import.Should().ThrowAsync<CorruptDumpException>())
            .Which.Message.Should()
            .Contain($"at byte {whole.Length}:")
            .And.Contain($"the {end.Length} bytes from there on were not");
        (await _import.TasksAsync("status")).Should().Equal("a scheduled");
    }

    [Fact]
    public async Task Garbage_in_a_dump_ends_the_reading_and_says_how_much_was_not_read()
    {
        byte[] dump = [.. Task("a").ToBson(), 0xff, 0xff, 0xff, 0xff, .. Task("b").ToBson()];

        var import = async () => await ImportAsync("task.bson", dump);

        (await import.Should().ThrowAsync<CorruptDumpException>())
            .Which.Message.Should()
            .Contain($"the {Task("b").ToBson().Length + 4} bytes from there on were not");
        (await _import.TasksAsync("status")).Should().Equal("a scheduled");
    }

    [Theory]
    [InlineData("\uFEFF", "\r\n", "")]
    [InlineData("\uFEFF[", ",", "]\r\n\r\n")]
    [InlineData("[\n", ",\n", "\n]\n")]
    [InlineData(" \t\n", "\n\n\n", "")]
    public async Task Marks_spaces_and_line_ends_between_documents_do_not_matter(string before, string between, string behind)
    {
        var pretty = new MongoDB.Bson.IO.JsonWriterSettings
        {
            Indent = true,
            OutputMode = MongoDB.Bson.IO.JsonOutputMode.RelaxedExtendedJson,
        };
        var json = before + string.Join(between, Task("a").ToJson(pretty), Task("b").ToJson(pretty).ReplaceLineEndings("\r\n")) + behind;

        (await ImportAsync("task.json", Encoding.UTF8.GetBytes(json))).Should().Be(new ImportSummary(2, 2, 0, 0, 0));
    }

    [Fact]
    public async Task A_server_may_hold_ids_that_are_no_text()
    {
        await using var peer = new MongoPeer();
        peer.Collections.Put([
            Task("a"),
            Task("b").Set("_id", ObjectId.GenerateNewId()),
            Task("c").Set("_id", 7),
            Task("d").Set("_id", BsonNull.Value),
            Task("e").Set("_id", new BsonDocument("a", 1)),
            Task("f").Set("_id", new BsonDateTime(0)),
            Task("g").Set("_id", double.NaN),
            Task("h").Set("_id", ""),
            Task("z"),
        ]);

        var sums = await _import.ImportFromAsync(peer.Uri(), command => command with { BatchSize = 1 });

        sums.Should().Be(new ImportSummary(9, 3, 0, 0, 6));
        (await _import.TasksAsync("status")).Should().Equal(" scheduled", "a scheduled", "z scheduled");
    }

    [Fact]
    public void An_id_of_a_server_that_is_no_UTF_8_does_not_end_the_reading()
    {
        var broken = Broken(Task("xxx"));

        MongoSource.IdOf(new RawBsonDocument(broken), broken).Should().Be(new BsonString("\uFFFD\uFFFD\uFFFD"));
    }

    [Fact]
    public async Task Fields_that_no_task_has_are_named_once_with_their_number()
    {
        var notices = new Notices();

        await _import.ImportAsync(
            [Task("a").Set("color", 1).Set("size", 2), Task("b").Set("color", 3), Task("c")],
            command => command with { BatchSize = 1, Progress = notices }
        );

        notices.Told.Should().Equal("Fields that no task has were not taken over: \"color\" in 2, \"size\" in 1.");
    }

    [Fact]
    public async Task The_field_that_cannot_be_read_is_named()
    {
        var broken = Broken(Task("a").Set("kwargs", new BsonDocument("k", "xxx")));

        await ImportAsync("task.bson", [.. broken, .. Task("b").ToBson()]);

        _import.Report().Single()["reason"].AsString.Should().Be("kwargs cannot be read: A text is no UTF-8.");
    }

    private static BsonDocument Task(string id) =>
        new()
        {
            { "_id", id },
            { "_rev", "1-5f3ad886911c5539b1d326df9c5b06e0" },
            { "task", "send" },
        };

    private async Task<ImportSummary> ImportAsync(string name, byte[] content, Func<ImportDump, ImportDump>? configure = null)
    {
        var file = Path.Combine(_import.Folder, name);
        await File.WriteAllBytesAsync(file, content, Cancel);
        return await _import.ImportFromAsync(file, configure);
    }

    /// <summary>With bytes that are no text for its `xxx`.</summary>
    private static byte[] Broken(BsonDocument document)
    {
        var bson = document.ToBson();
        bson.AsSpan(bson.AsSpan().IndexOf("xxx"u8), 3).Fill(0xff);
        return bson;
    }

    private static byte[] Pack(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(content);

        return packed.ToArray();
    }

    private sealed class Notices : IProgress<ImportProgress>
    {
        public List<string> Told { get; } = [];

        public void Report(ImportProgress value)
        {
            if (value.Notice is not null)
                Told.Add(value.Notice);
        }
    }
}
