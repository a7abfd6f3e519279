using Eventix.Application;
using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using Eventix.Infrastructure.Migration;
using Eventix.Testing;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection;
using MongoDB.Bson;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>What the import does to single documents, each test under names of its own.</summary>
public sealed class ImportDumpTests(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private static readonly IValidator<NewTask> Rules = new ServiceCollection()
        .AddApplication()
        .BuildServiceProvider()
        .GetRequiredService<IValidator<NewTask>>();

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("evx-import-");
    private readonly string _prefix = Guid.NewGuid().ToString("n");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string RejectsFile => Path.Combine(_folder.FullName, "rejects.ndjson");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_second_import_skips_everything()
    {
        var documents = new[] { Waiting("a", key: "k", created: 1), Waiting("b", key: "k", created: 2), Task("c") };
        (await ImportAsync(documents)).Should().Be(new ImportSummary(3, 2, 1, 0, 0));

        (await ImportAsync(documents)).Should().Be(new ImportSummary(3, 0, 0, 3, 0));

        (await UidsAsync()).Should().Equal("a", "c");
    }

    [Fact]
    public async Task A_task_that_has_run_and_is_gone_comes_back_only_by_force()
    {
        await ImportAsync(Task("a"), Task("b"));
        await database.ExecuteAsync($"DELETE FROM eventix_task WHERE uid = '{_prefix}a'");

        (await ImportAsync(Task("a"), Task("b"))).Should().Be(new ImportSummary(2, 0, 0, 2, 0));
        (await UidsAsync()).Should().Equal("b");

        (await ImportAsync([Task("a"), Task("b")], force: true)).Should().Be(new ImportSummary(2, 1, 0, 1, 0));
        (await UidsAsync()).Should().Equal("a", "b");
    }

    [Fact]
    public async Task A_uid_that_is_in_use_is_left_alone_and_recorded()
    {
        await database.ExecuteAsync($"INSERT INTO eventix_task (uid, task) VALUES ('{_prefix}a', 'posted')");

        (await ImportAsync(Task("a"))).Should().Be(new ImportSummary(1, 0, 0, 1, 0));

        (await RowAsync("a", "task")).Should().Be("posted");
        (await LedgerAsync()).Should().Equal("a skipped");
    }

    [Fact]
    public async Task A_uid_that_comes_twice_counts_once()
    {
        var first = Task("a");
        var second = Task("a");
        second["task"] = "other";

        (await ImportAsync([first, second])).Should().Be(new ImportSummary(2, 1, 0, 1, 0));
        (await ImportAsync([second], batchSize: 1)).Should().Be(new ImportSummary(1, 0, 0, 1, 0));

        (await RowAsync("a", "task")).Should().Be("t");
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(10, false)]
    [InlineData(10, true)]
    public async Task The_older_of_two_waiting_documents_survives_wherever_it_stands(int batchSize, bool olderComesLater)
    {
        var older = Waiting("old", key: "k", created: 1, eta: 50, priority: 1, status: "retry");
        var newer = Waiting("new", key: "k", created: 2, eta: 40, priority: 5);
        BsonDocument[] documents = olderComesLater ? [newer, Task("between"), older] : [older, Task("between"), newer];

        (await ImportAsync(documents, batchSize)).Should().Be(new ImportSummary(3, 2, 1, 0, 0));

        (await UidsAsync()).Should().BeEquivalentTo("between", "old");
        (await RowAsync("old", "concat_ws(' ', status, priority, args, kwargs, extract(epoch FROM eta)::int)"))
            .Should()
            .Be("""scheduled 1 ["new"] {"n":"new"} 40""");
        (await RowAsync("old", "imported_revision IS NULL AND revision = 3")).Should().Be("True");
        (await LedgerAsync()).Should().BeEquivalentTo("between imported", "new merged", "old imported");
        var report = (await RejectsAsync()).Should().ContainSingle().Subject;
        report["reason"].AsString.Should().Be($"merged into {_prefix}old");
        report["document"].AsBsonDocument.Elements.Should().Contain(newer.Elements);
    }

    [Fact]
    public async Task The_report_of_a_second_import_names_the_merged_ones_again()
    {
        var merged = Waiting("new", key: "k", created: 2);
        await ImportAsync(Waiting("old", key: "k", created: 1), merged);

        await ImportAsync(Waiting("old", key: "k", created: 1), merged);

        var report = (await RejectsAsync()).Should().ContainSingle().Subject;
        report["reason"].AsString.Should().StartWith("merged by an earlier import");
        report["document"].Should().Be(merged);
    }

    [Fact]
    public async Task A_merged_document_comes_back_by_force_only_into_the_waiting_task()
    {
        await ImportAsync(Waiting("old", key: "k", created: 1), Waiting("new", key: "k", created: 2));

        var again = await ImportAsync([Waiting("old", key: "k", created: 1), Waiting("new", key: "k", created: 2)], force: true);

        again.Should().Be(new ImportSummary(2, 0, 1, 1, 0));
        (await UidsAsync()).Should().Equal("old");
    }

    [Theory]
    [InlineData("2020-01-01", "posted", "[\"doc\"]", 0, 1)]
    [InlineData("2099-01-01", "doc", "[\"posted\"]", 1, 0)]
    public async Task A_document_merges_with_the_task_that_waits_here(string posted, string survivor, string args, int imported, int merged)
    {
        await database.ExecuteAsync(
            $"""
            INSERT INTO eventix_task (uid, task, namespace, unique_key, created_at, args, eta, priority, imported_revision)
            VALUES ('{_prefix}posted', 'p', '{_prefix}', 'k', '{posted}', '["posted"]', to_timestamp(70), 3, '1-x')
            """
        );

        (await ImportAsync(Waiting("doc", key: "k", created: 1, eta: 60, priority: 4)))
            .Should()
            .Be(new ImportSummary(1, imported, merged, 0, 0));

        (await UidsAsync()).Should().Equal(survivor);
        (await RowAsync(survivor, "concat_ws(' ', priority, args, extract(epoch FROM eta)::int)")).Should().Be($"3 {args} 60");
        (await RowAsync(survivor, "imported_revision IS NULL AND revision > 1")).Should().Be("True", "a merge is a write");
        var report = (await RejectsAsync()).Should().ContainSingle().Subject;
        report["reason"].AsString.Should().Be($"merged into {_prefix}{survivor}");
        report["document"]["_id"].AsString.Should().Be(_prefix + (survivor == "doc" ? "posted" : "doc"));
        report["document"]["args"][0].AsString.Should().Be(survivor == "doc" ? "posted" : "doc");
    }

    [Fact]
    public async Task A_finished_or_running_task_keeps_its_key_beside_a_waiting_document()
    {
        await database.ExecuteAsync(
            $"INSERT INTO eventix_task (uid, task, namespace, unique_key, status) VALUES ('{_prefix}done', 'p', '{_prefix}', 'k', 'done')"
        );

        (await ImportAsync(Waiting("doc", key: "k", created: 1))).Should().Be(new ImportSummary(1, 1, 0, 0, 0));

        (await UidsAsync()).Should().Equal("doc", "done");
    }

    [Fact]
    public async Task A_post_that_takes_the_key_meanwhile_is_merged_with()
    {
        await using var posting = await database.DataSource.OpenConnectionAsync(Cancel);
        await using var transaction = await posting.BeginTransactionAsync(Cancel);
        await ExecuteAsync(
            posting,
            $"""
            INSERT INTO eventix_task (uid, task, namespace, unique_key, created_at)
            VALUES ('{_prefix}posted', 'p', '{_prefix}', 'k', '2020-01-01')
            """
        );

        // The import does not see the post, and waits at its key until it is committed.
        var import = ImportAsync(Task("a"), Waiting("doc", key: "k", created: 1));
        await UntilAsync("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')");
        await transaction.CommitAsync(Cancel);

        (await import).Should().Be(new ImportSummary(2, 1, 1, 0, 0));
        (await UidsAsync()).Should().Equal("a", "posted");
        (await RowAsync("posted", "args::text")).Should().Be("""["doc"]""");
    }

    [Fact]
    public async Task A_post_that_takes_the_uid_meanwhile_wins()
    {
        await using var posting = await database.DataSource.OpenConnectionAsync(Cancel);
        await using var transaction = await posting.BeginTransactionAsync(Cancel);
        await ExecuteAsync(posting, $"INSERT INTO eventix_task (uid, task) VALUES ('{_prefix}a', 'posted')");

        var import = ImportAsync(Task("a"), Task("b"));
        await UntilAsync("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')");
        await transaction.CommitAsync(Cancel);

        (await import).Should().Be(new ImportSummary(2, 1, 0, 1, 0));
        (await RowAsync("a", "task")).Should().Be("posted");
    }

    [Fact]
    public async Task Two_imports_of_one_file_at_once_create_every_task_once()
    {
        var documents = Enumerable.Range(0, 300).Select(n => Waiting($"u{n:d3}", key: $"k{n / 2}", created: n)).ToArray();
        var one = ImportAsync(documents, batchSize: 7, rejects: "one");
        var two = ImportAsync(documents, batchSize: 11, rejects: "two");

        var sums = new[] { await one, await two };

        sums.Sum(sum => sum.Imported + sum.Merged).Should().Be(300);
        sums.Sum(sum => sum.Skipped).Should().Be(300);
        (await UidsAsync()).Should().HaveCount(150);
    }

    [Fact]
    public async Task Ids_follow_the_order_of_the_file()
    {
        await ImportAsync([Task("c"), Task("a"), Task("b"), Task("0")], batchSize: 3);

        (await ListAsync($"SELECT uid FROM eventix_task WHERE starts_with(uid, '{_prefix}') ORDER BY id"))
            .Should()
            .Equal("c", "a", "b", "0");
    }

    [Fact]
    public async Task A_running_task_without_a_lease_gets_one_and_keeps_its_own()
    {
        var without = Task("a");
        without["status"] = "processing";
        var with = Task("b");
        with["status"] = "processing";
        with["worker_expires"] = new BsonDateTime(1_000_000);

        await ImportAsync(without, with);

        (await RowAsync("a", "worker_expires - eta = interval '300 s' AND worker_expires <= now() + interval '300 s'")).Should().Be("True");
        (await RowAsync("b", "extract(epoch FROM worker_expires)::int")).Should().Be("1000");
    }

    [Fact]
    public async Task A_document_that_the_database_refuses_does_not_keep_the_others_out()
    {
        await database.ExecuteAsync($"ALTER TABLE eventix_task ADD CONSTRAINT no_{_prefix} CHECK (task <> '{_prefix}')");
        var refused = Task("b");
        refused["task"] = _prefix;

        (await ImportAsync(Task("a"), refused, Task("c"))).Should().Be(new ImportSummary(3, 2, 0, 0, 1));

        (await UidsAsync()).Should().Equal("a", "c");
        (await LedgerAsync()).Should().NotContain("b imported");
        var report = (await RejectsAsync()).Should().ContainSingle().Subject;
        report["reason"].AsString.Should().StartWith("PostgreSQL refuses it: ").And.Contain($"no_{_prefix}");
        report["document"].Should().Be(refused);
    }

    [Fact]
    public async Task A_document_that_cannot_be_read_is_kept_byte_for_byte()
    {
        var document = Task("a");
        document["operator"] = "xxxx";
        var broken = document.ToBson();
        broken[broken.AsSpan().IndexOf("xxxx"u8)] = 0xff;

        (await ImportFileAsync([.. broken, .. Task("b").ToBson()])).Should().Be(new ImportSummary(2, 1, 0, 0, 1));

        var report = (await RejectsAsync()).Should().ContainSingle().Subject;
        report["reason"].AsString.Should().StartWith("The document cannot be read: ");
        Convert.FromBase64String(report["bson"].AsString).Should().Equal(broken);
    }

    [Fact]
    public async Task A_file_that_breaks_off_leaves_what_was_read_and_says_where()
    {
        byte[] whole = [.. Task("a").ToBson(), .. Task("b").ToBson(), .. Task("c").ToBson()];
        var offset = whole.Length / 3 * 2;
        var sums = new List<ImportSummary>();

        var import = () => ImportFileAsync([.. whole[..^4], 1], batchSize: 2, progress: sums);

        (await import.Should().ThrowAsync<CorruptDumpException>().WithMessage($"*at byte {offset}:*")).Which.Offset.Should().Be(offset);
        (await UidsAsync()).Should().Equal("a", "b");
        (await ImportFileAsync(whole)).Should().Be(new ImportSummary(3, 1, 0, 2, 0));
    }

    [Fact]
    public async Task Without_anything_to_report_no_file_is_made()
    {
        await ImportAsync(Task("a"));

        File.Exists(RejectsFile).Should().BeFalse();
    }

    [Fact]
    public async Task Progress_is_told_after_every_batch()
    {
        var sums = new List<ImportSummary>();

        await ImportFileAsync([.. Task("a").ToBson(), .. Task("b").ToBson(), .. Task("c").ToBson()], batchSize: 2, progress: sums);

        sums.Should().Equal(new ImportSummary(2, 2, 0, 0, 0), new ImportSummary(3, 3, 0, 0, 0));
    }

    private BsonDocument Task(string uid) =>
        new()
        {
            { "_id", _prefix + uid },
            { "_rev", "2-5f3ad886911c5539b1d326df9c5b06e0" },
            { "task", "t" },
            {
                "args",
                new BsonArray { uid }
            },
            { "kwargs", new BsonDocument("n", uid) },
        };

    private BsonDocument Waiting(string uid, string key, int created, int eta = 0, int priority = 0, string status = "scheduled")
    {
        var document = Task(uid);
        document["created_time"] = new BsonDateTime(DateTime.UnixEpoch.AddYears(51).AddSeconds(created));
        document["namespace"] = _prefix;
        document["unique_key"] = key;
        document["eta"] = new BsonDateTime(eta * 1000L);
        document["priority"] = priority;
        document["status"] = status;
        return document;
    }

    private Task<ImportSummary> ImportAsync(params BsonDocument[] documents) => ImportAsync(documents, batchSize: 1000);

    private Task<ImportSummary> ImportAsync(BsonDocument[] documents, int batchSize = 1000, bool force = false, string? rejects = null) =>
        ImportFileAsync([.. documents.SelectMany(document => document.ToBson())], batchSize, force, rejects: rejects);

    private async Task<ImportSummary> ImportFileAsync(
        byte[] content,
        int batchSize = 1000,
        bool force = false,
        List<ImportSummary>? progress = null,
        string? rejects = null
    )
    {
        var file = Path.Combine(_folder.FullName, Guid.NewGuid() + ".bson");
        await File.WriteAllBytesAsync(file, content, Cancel);
        var command = new ImportDump(
            file,
            rejects is null ? RejectsFile : Path.Combine(_folder.FullName, rejects),
            batchSize,
            force,
            progress is null ? null : new ToldProgress(progress.Add)
        );

        return await new ImportDumpHandler(database.DataSource, Rules).Handle(command, Cancel);
    }

    /// <summary>The rows of this test, without their common prefix, by uid.</summary>
    private Task<List<string>> UidsAsync() => ListAsync($"SELECT uid FROM eventix_task WHERE starts_with(uid, '{_prefix}') ORDER BY uid");

    private Task<List<string>> LedgerAsync() =>
        ListAsync($"SELECT uid || ' ' || outcome FROM eventix_import_ledger WHERE starts_with(uid, '{_prefix}') ORDER BY uid");

    private async Task<List<string>> ListAsync(string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        await using var row = await command.ExecuteReaderAsync(Cancel);
        var list = new List<string>();
        while (await row.ReadAsync(Cancel))
            list.Add(row.GetString(0)[_prefix.Length..]);

        return list;
    }

    private async Task<string?> RowAsync(string uid, string expression) =>
        (await database.ScalarAsync<object>($"SELECT {expression} FROM eventix_task WHERE uid = '{_prefix}{uid}'")).ToString();

    private async Task<List<BsonDocument>> RejectsAsync() =>
        [.. (await File.ReadAllLinesAsync(RejectsFile, Cancel)).Select(line => BsonDocument.Parse(line))];

    private async Task UntilAsync(string condition)
    {
        while (!await database.ScalarAsync<bool>(condition))
            await System.Threading.Tasks.Task.Delay(10, Cancel);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
