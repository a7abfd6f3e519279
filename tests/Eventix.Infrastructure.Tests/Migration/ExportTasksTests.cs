using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Eventix.Application.Migration;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Migration;
using Eventix.Testing;
using MongoDB.Bson;
using MongoDB.Bson.Serialization;

namespace Eventix.Infrastructure.Tests.Migration;

public sealed class ExportTasksTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("evx-export-");
    private readonly List<RejectedTask> _rejects = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await database.ExecuteAsync("TRUNCATE eventix_task, eventix_import_ledger");

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_task_that_was_made_here_becomes_a_document_of_the_old_server()
    {
        await database.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, created_at, updated_at, eta, scheduled, args, kwargs, revision, unique_key, operator)
            VALUES ('a', 't', '2026-03-01 12:00:00.123456+00', '2026-03-01 12:00+00', '1969-12-31 23:59:59.9995+00', '2026-03-01 12:00+00',
                '[1, 2147483648, 1.0, "ü\u0000"]', '{"b" : {"$set": 1}, "a": null}', 4, '', NULL)
            """
        );

        (await ExportAsync("dump")).Should().Be(new ExportSummary(1, 1, 0, 0));

        var document = (await DumpAsync()).Should().ContainSingle().Subject;
        var revision = document["_rev"].AsString;
        document.Remove("_rev");
        revision.Should().StartWith("4-");
        Revision.Parse(revision).Should().NotBeNull();
        document
            .Should()
            .Equal(
                BsonDocument.Parse(
                    """
                    {"_id": "a", "version": 1, "created_time": {"$date": "2026-03-01T12:00:00.123Z"}, "updated_time": {"$date": "2026-03-01T12:00:00Z"},
                     "unique_key": "", "eta": {"$date": "1969-12-31T23:59:59.999Z"}, "scheduled": {"$date": "2026-03-01T12:00:00Z"},
                     "status": "scheduled", "priority": 0, "namespace": "default", "task": "t",
                     "args": [1, {"$numberLong": "2147483648"}, 1.0, "ü\u0000"], "kwargs": {"b": {"$set": 1}, "a": null}, "worker_id": null,
                     "worker_expires": null, "retry": true, "max_retries": null, "error_eta_inc": 15, "error_eta_max": 300, "store_result": true,
                     "result": null, "error_expires": null, "result_expires": 604800, "expires": null, "operator": null}
                    """
                )
            );
    }

    [Fact]
    public async Task What_MongoDB_cannot_hold_is_named_and_does_not_keep_the_others_out()
    {
        await InsertAsync("name", kwargs: """{"a\u0000b": 1}""");
        await InsertAsync("deep", args: new string('[', 600) + new string(']', 600));
        await InsertAsync("large", args: $"""["{new string('x', 17_000_000)}"]""");
        await InsertAsync("big", args: "[123456789012345678901234567890]");
        await InsertAsync("half", args: """["a\ud800"]""");
        await InsertAsync("fine");

        (await ExportAsync("dump")).Should().Be(new ExportSummary(6, 1, 5, 0));

        (await DumpAsync()).Should().ContainSingle().Which["_id"].Should().Be("fine");
        _rejects.Select(reject => reject.Uid).Should().BeEquivalentTo("name", "deep", "large", "big", "half");
        _rejects.Single(reject => reject.Uid == "name").Reason.Should().Contain("NUL");
        _rejects.Single(reject => reject.Uid == "deep").Reason.Should().Contain("512 levels");
        _rejects.Single(reject => reject.Uid == "large").Reason.Should().Contain("MongoDB takes");
        _rejects.Single(reject => reject.Uid == "big").Reason.Should().Contain("64 bits");
        _rejects.Single(reject => reject.Uid == "half").Reason.Should().Contain("surrogate");
    }

    [Fact]
    public async Task Namespace_status_and_time_choose()
    {
        await database.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, namespace, status, updated_at) VALUES
                ('a', 't', 'n1', 'scheduled', '2026-03-01 12:00+00'), ('b', 't', 'n1', 'done', '2026-03-01 12:00+00'),
                ('c', 't', 'n2', 'retry', '2026-03-01 12:00+00'), ('d', 't', 'n3', 'retry', '2026-03-01 11:59:59+00')
            """
        );

        (await UidsAsync(all => all with { Namespaces = ["n1", "n2"] })).Should().Equal("a", "b", "c");
        (await UidsAsync(all => all with { Statuses = [EventixTaskStatus.Retry, EventixTaskStatus.Done] })).Should().Equal("b", "c", "d");
        (await UidsAsync(all => all with { Since = new DateTimeOffset(2026, 3, 1, 13, 0, 0, TimeSpan.FromHours(1)) }))
            .Should()
            .Equal("a", "b", "c");
        (await UidsAsync(all => all with { Namespaces = ["n1"], Statuses = [EventixTaskStatus.Done] })).Should().Equal("b");
    }

    [Fact]
    public async Task Packed_files_hold_the_same()
    {
        await InsertAsync("a");
        await ExportAsync("plain");
        await ExportAsync("packed", all => all with { Gzip = true });
        await ExportAsync("lines.ndjson", all => all with { Format = ExportFormat.Mongoexport });
        await ExportAsync("lines.ndjson.gz", all => all with { Format = ExportFormat.Mongoexport, Gzip = true });

        Unpack("packed/eventix/task.bson.gz").Should().Equal(await BytesAsync("plain/eventix/task.bson"));
        Unpack("packed/eventix/task.metadata.json.gz").Should().Equal(await BytesAsync("plain/eventix/task.metadata.json"));
        Unpack("lines.ndjson.gz").Should().Equal(await BytesAsync("lines.ndjson"));
        BsonDocument
            .Parse(Encoding.UTF8.GetString(await BytesAsync("lines.ndjson")))
            .Elements.Should()
            .Equal((await DumpAsync("plain")).Single());
        BsonDocument
            .Parse(Encoding.UTF8.GetString(await BytesAsync("plain/eventix/task.metadata.json")))["collectionName"]
            .Should()
            .Be("task");

        byte[] Unpack(string name)
        {
            using var packed = new GZipStream(File.OpenRead(PathOf(name)), CompressionMode.Decompress);
            using var unpacked = new MemoryStream();
            packed.CopyTo(unpacked);
            return unpacked.ToArray();
        }
    }

    [Fact]
    public async Task A_dump_for_the_CLI_has_a_file_per_task_as_the_CLI_wrote_it()
    {
        await database.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, created_at, updated_at, eta, scheduled, worker_expires, status, args, imported_revision)
            VALUES ('a', 'ü"', '2026-03-01 12:00:00.123456+00', '2026-03-01 12:00+00', '2026-03-01 12:00+00', '2026-03-01 12:00+00',
                '2026-03-01 12:05+00', 'processing', '[1,  {"x": null}]', '7-abc')
            """
        );

        await ExportAsync("cli", all => all with { Format = ExportFormat.CliDump });

        (await File.ReadAllTextAsync(PathOf("cli/a.json"), Cancel))
            .Should()
            .Be(
                """
                {
                  "uid": "a",
                  "revision": "7-abc",
                  "version": 1,
                  "created_time": "2026-03-01T12:00:00.123456+00:00",
                  "updated_time": "2026-03-01T12:00:00+00:00",
                  "unique_key": null,
                  "eta": "2026-03-01T12:00:00+00:00",
                  "scheduled": "2026-03-01T12:00:00+00:00",
                  "status": "processing",
                  "priority": 0,
                  "namespace": "default",
                  "task": "ü\"",
                  "args": [1,  {"x": null}],
                  "kwargs": {},
                  "worker_id": null,
                  "worker_expires": "2026-03-01T12:05:00+00:00",
                  "retry": true,
                  "max_retries": null,
                  "error_eta_inc": 15,
                  "error_eta_max": 300,
                  "store_result": true,
                  "result": null,
                  "error_expires": null,
                  "result_expires": 604800,
                  "expires": null,
                  "operator": "unknown"
                }

                """
            );
    }

    [Fact]
    public async Task Uids_that_are_no_file_names_get_files_of_their_own_all_the_same()
    {
        string[] plain = ["order-42", "0346d52ae6b040bbb572963918044988", "_", new('a', 200)];
        string[] odd =
        [
            "",
            ".",
            "..",
            "../up",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "A",
            "ORDER-42",
            "Ä",
            "ä",
            "con",
            "lpt1",
            "a.json",
            "a b",
            "a:b",
            "-a",
            "a\n",
            new('a', 201),
            new('x', 2000),
            "sha256-" + new string('0', 64),
        ];
        foreach (var uid in (string[])[.. plain, .. odd])
            await InsertAsync(uid);

        (await ExportAsync("cli", all => all with { Format = ExportFormat.CliDump })).Exported.Should().Be(plain.Length + odd.Length);

        var files = Directory.GetFiles(PathOf("cli")).ToDictionary(file => Path.GetFileName(file), UidIn);
        files.Values.Should().BeEquivalentTo([.. plain, .. odd]);
        files.Keys.Should().OnlyHaveUniqueItems().And.OnlyContain(name => !name.Any(char.IsUpper) && name.Length < 210);
        foreach (var uid in plain)
            files[uid + ".json"].Should().Be(uid);
        files.Keys.Count(name => name.StartsWith("sha256-", StringComparison.Ordinal)).Should().Be(odd.Length);
        Directory.GetFileSystemEntries(_folder.FullName).Should().Equal(PathOf("cli"));

        static string UidIn(string file)
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            return json.RootElement.GetProperty("uid").GetString()!;
        }
    }

    [Theory]
    [InlineData(ExportFormat.Mongodump, "dump")]
    [InlineData(ExportFormat.Mongoexport, "task.ndjson")]
    [InlineData(ExportFormat.CliDump, "cli")]
    public async Task What_exists_is_not_overwritten_unless_told(ExportFormat format, string name)
    {
        await InsertAsync("a");
        await ExportAsync(name, all => all with { Format = format });
        await InsertAsync("b");
        var before = Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories);

        var again = () => ExportAsync(name, all => all with { Format = format });

        (await again.Should().ThrowAsync<TargetException>()).WithMessage("*exists already: name *");
        Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories).Should().BeEquivalentTo(before);
        if (format != ExportFormat.CliDump)
            (await ExportAsync(name, all => all with { Format = format, Replace = true })).Exported.Should().Be(2);
    }

    [Theory]
    [InlineData(ExportFormat.Mongodump)]
    [InlineData(ExportFormat.Mongoexport)]
    [InlineData(ExportFormat.CliDump)]
    public async Task An_export_that_breaks_off_leaves_nothing_behind(ExportFormat format)
    {
        for (var n = 0; n < 20; n++)
            await InsertAsync($"t{n}", args: n < 10 ? "[]" : "[123456789012345678901234567890]");
        using var broken = new CancellationTokenSource();

        var export = () => ExportAsync("place", all => all with { Format = format, Rejects = new Breaking(broken) }, broken.Token);

        await export.Should().ThrowAsync<OperationCanceledException>();
        Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories).Should().BeEmpty();
    }

    [Fact]
    public async Task All_tasks_are_from_one_moment()
    {
        await database.ExecuteAsync("INSERT INTO eventix_task (uid, task) SELECT 't' || n, 't' FROM generate_series(1, 5000) n");
        var changed = false;
        var changing = new Changing(() =>
        {
            if (changed)
                return;

            changed = true;
            database.ExecuteAsync("UPDATE eventix_task SET status = 'done'").GetAwaiter().GetResult();
        });

        (await ExportAsync("dump", all => all with { Progress = changing })).Exported.Should().Be(5000);

        changed.Should().BeTrue();
        (await DumpAsync()).Should().OnlyContain(document => document["status"] == "scheduled");
    }

    private Task InsertAsync(string uid, string args = "[]", string kwargs = "{}") =>
        database.ExecuteAsync($"INSERT INTO eventix_task (uid, task, args, kwargs) VALUES ('{uid}', 't', '{args}', '{kwargs}')");

    private async Task<ExportSummary> ExportAsync(
        string name,
        Func<ExportTasks, ExportTasks>? with = null,
        CancellationToken? cancellationToken = null
    )
    {
        var command = new ExportTasks(PathOf(name), ExportFormat.Mongodump, Rejects: new Collecting(_rejects));
        return await new ExportTasksHandler(database.DataSource).Handle(
            with is null ? command : with(command),
            cancellationToken ?? Cancel
        );
    }

    private async Task<string[]> UidsAsync(Func<ExportTasks, ExportTasks> with)
    {
        await ExportAsync("chosen", all => with(all) with { Replace = true });
        return [.. (await DumpAsync("chosen")).Select(document => document["_id"].AsString).Order(StringComparer.Ordinal)];
    }

    private async Task<List<BsonDocument>> DumpAsync(string name = "dump")
    {
        var documents = new List<BsonDocument>();
        using var dump = new MemoryStream(await BytesAsync(Path.Combine(name, "eventix", "task.bson")));
        while (dump.Position < dump.Length)
            documents.Add(BsonSerializer.Deserialize<BsonDocument>(dump));
        return documents;
    }

    private Task<byte[]> BytesAsync(string name) => File.ReadAllBytesAsync(PathOf(name), Cancel);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private sealed class Collecting(List<RejectedTask> rejects) : IProgress<RejectedTask>
    {
        public void Report(RejectedTask value) => rejects.Add(value);
    }

    private sealed class Breaking(CancellationTokenSource source) : IProgress<RejectedTask>
    {
        public void Report(RejectedTask value) => source.Cancel();
    }

    private sealed class Changing(Action change) : IProgress<ExportSummary>
    {
        public void Report(ExportSummary value) => change();
    }
}
