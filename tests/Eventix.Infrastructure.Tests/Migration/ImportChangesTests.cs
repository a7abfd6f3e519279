using Eventix.Application.Migration;
using Eventix.Domain.Tasks;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>What a second import does with documents that have changed at the source, and with tasks that have changed here.</summary>
public sealed class ImportChangesTests : IAsyncLifetime
{
    private static readonly DateTime Noon = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    private ImportCase _import = null!;

    public async ValueTask InitializeAsync() => _import = await ImportCase.StartAsync();

    public ValueTask DisposeAsync() => _import.DisposeAsync();

    [Fact]
    public async Task A_document_that_has_changed_replaces_its_task_while_nobody_here_has_written_it()
    {
        await _import.ImportAsync(Document("a"), Document("b"));

        var sums = await _import.ImportAsync(Document("a", "2-y", status: "done"), Document("b"));

        sums.Should().Be(new ImportSummary(2, 1, 0, 1, 0));
        (await _import.TasksAsync("status, imported_revision")).Should().Equal("a done 2-y", "b scheduled 1-x");
        _import.Report().Should().BeEmpty();
    }

    [Theory]
    [InlineData(ImportConflictRule.Skip, 0, "error", "been written here")]
    [InlineData(ImportConflictRule.UpdateIfNewer, 1, "done", "replaced by the newer document")]
    public async Task A_document_that_has_changed_on_both_sides_follows_the_rule(
        ImportConflictRule rule,
        int imported,
        string status,
        string reason
    )
    {
        await _import.ImportAsync(Document("a"));
        await _import.Database.ExecuteAsync(
            "UPDATE eventix_task SET status = 'error', revision = revision + 1, imported_revision = NULL, updated_at = '2026-03-01 13:00Z'"
        );

        var sums = await _import.ImportAsync(
            [Document("a", "2-y", Noon.AddHours(2), "done")],
            command => command with { OnConflict = rule }
        );

        sums.Should().Be(new ImportSummary(1, imported, 0, 1 - imported, 0));
        (await _import.TasksAsync("status")).Should().Equal($"a {status}");
        _import.Report().Should().ContainSingle().Which["reason"].AsString.Should().Contain(reason);
    }

    [Fact]
    public async Task An_older_document_never_replaces_a_newer_task()
    {
        await _import.Database.ExecuteAsync("INSERT INTO eventix_task (uid, task, updated_at) VALUES ('a', 'posted', '2026-03-01 13:00Z')");

        var sums = await _import.ImportAsync(
            [Document("a", "2-y", Noon)],
            command => command with { OnConflict = ImportConflictRule.UpdateIfNewer }
        );

        sums.Should().Be(new ImportSummary(1, 0, 0, 1, 0));
        _import.Report().Should().ContainSingle().Which["reason"].AsString.Should().Contain("written later");
    }

    [Fact]
    public async Task To_fail_at_a_conflict_leaves_nothing_of_the_batch()
    {
        await _import.Database.ExecuteAsync("INSERT INTO eventix_task (uid, task) VALUES ('b', 'posted')");

        var importing = () =>
            _import.ImportAsync([Document("a"), Document("b")], command => command with { OnConflict = ImportConflictRule.Fail });

        await importing.Should().ThrowAsync<ImportConflictException>().WithMessage("The task b *in use here*--on-conflict*");
        (await _import.TasksAsync("task")).Should().Equal("b posted");
    }

    [Fact]
    public async Task A_task_that_has_run_and_is_gone_stays_gone_and_is_told_when_its_document_has_changed()
    {
        await _import.ImportAsync(Document("a"), Document("b"));
        await _import.Database.ExecuteAsync("DELETE FROM eventix_task");

        var sums = await _import.ImportAsync(Document("a", "2-y"), Document("b"));

        sums.Should().Be(new ImportSummary(2, 0, 0, 2, 0));
        (await _import.TasksAsync("task")).Should().BeEmpty();
        var line = _import.Report().Should().ContainSingle().Subject;
        (line["document"]["_id"].AsString, line["reason"].AsString)
            .Should()
            .Be(("a", "it has changed at the source since it was imported, but its task has run here, or was deleted"));
    }

    [Fact]
    public async Task A_merged_document_comes_back_when_the_task_that_it_went_into_is_done_at_the_source()
    {
        var (old, young) = (Document("old", key: "k"), Document("young", key: "k", created: 1));
        (await _import.ImportAsync(old, young)).Should().Be(new ImportSummary(2, 1, 1, 0, 0));

        var sums = await _import.ImportAsync(Document("old", "2-y", key: "k", status: "done"));

        sums.Should().Be(new ImportSummary(1, 1, 0, 0, 0));
        (await _import.TasksAsync("status, args")).Should().Equal("old done [\"old\"]", "young scheduled [\"young\"]");
        (await _import.ImportAsync(Document("young", "2-y", key: "k", created: 1, status: "done"))).Imported.Should().Be(1);
        (await _import.TasksAsync("status")).Should().Equal("old done", "young done");
    }

    [Fact]
    public async Task A_merged_document_that_still_waits_stays_away_when_the_task_has_been_written_here()
    {
        await _import.ImportAsync(Document("old", key: "k"), Document("young", key: "k", created: 1));
        await _import.Database.ExecuteAsync("UPDATE eventix_task SET status = 'done', revision = revision + 1");

        (await _import.ImportAsync(Document("young", "2-y", key: "k", created: 1))).Should().Be(new ImportSummary(1, 0, 0, 1, 0));

        (await _import.TasksAsync("status")).Should().Equal("old done");
    }

    [Fact]
    public async Task What_a_worker_reads_of_a_merged_date_comes_back_as_the_date()
    {
        var young = Document("young", key: "k", created: 1);
        young["kwargs"] = new BsonDocument("at", new BsonDateTime(Noon));

        await _import.ImportAsync([Document("old", key: "k")]);
        await _import.ImportAsync([young]);

        (await _import.TasksAsync("kwargs")).Should().Equal("""old {"at":{"$date":"2026-03-01T12:00:00Z"}}""");
        (await _import.Database.ScalarAsync<bool>("SELECT original IS NOT NULL FROM eventix_import_note WHERE uid = 'old'"))
            .Should()
            .BeTrue();
    }

    [Fact]
    public async Task Since_a_time_reads_what_was_written_then_or_later_or_does_not_say()
    {
        var unknown = Document("c");
        unknown.Remove("updated_time");

        var sums = await _import.ImportAsync(
            [Document("a", updated: Noon.AddTicks(-10_000)), Document("b"), unknown],
            command => command with { Since = new DateTimeOffset(Noon) }
        );

        sums.Should().Be(new ImportSummary(2, 2, 0, 0, 0));
        (await _import.TasksAsync("task")).Should().Equal("b t", "c t");
    }

    [Fact]
    public async Task Namespaces_and_statuses_choose()
    {
        var other = Document("c");
        other["namespace"] = "other";

        var sums = await _import.ImportAsync(
            [Document("a", status: "retry"), Document("b", status: "done"), other],
            command => command with { Namespaces = ["default"], Statuses = [EventixTaskStatus.Retry, EventixTaskStatus.Scheduled] }
        );

        sums.Should().Be(new ImportSummary(1, 1, 0, 0, 0));
        (await _import.ImportAsync([other], command => command with { Namespaces = ["other"] })).Imported.Should().Be(1);
        (await _import.TasksAsync("namespace")).Should().Equal("a default", "c other");
    }

    [Fact]
    public async Task Leases_are_released_only_when_asked_for_and_then_fence_the_old_worker()
    {
        var (running, held) = (Document("a", "3-x", status: "processing"), Document("b", "3-x", status: "retry"));
        foreach (var document in new[] { running, held })
        {
            document["worker_id"] = "w";
            document["worker_expires"] = Noon.AddYears(50);
        }

        await _import.ImportAsync(running, held);
        (await _import.TasksAsync("status, worker_id, imported_revision")).Should().Equal("a processing w 3-x", "b retry w 3-x");
        await _import.Database.ExecuteAsync("TRUNCATE eventix_task, eventix_import_ledger");

        await _import.ImportAsync([running, held], command => command with { ReleaseLeases = true });
        (await _import.TasksAsync("status, worker_id, worker_expires, imported_revision, revision"))
            .Should()
            .Equal("a scheduled 4", "b retry 4");
    }

    [Fact]
    public async Task A_dry_run_says_what_the_import_would_and_leaves_no_trace()
    {
        await _import.Database.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, unique_key, created_at) VALUES ('posted', 'p', 'k', '2020-01-01'), ('used', 'p', NULL, now())
            """
        );
        await _import.ImportAsync(Document("changed"), Document("gone"));
        await _import.Database.ExecuteAsync("DELETE FROM eventix_task WHERE uid = 'gone'");
        BsonDocument[] documents =
        [
            Document("a", key: "k2", created: 5),
            Document("b", key: "k"),
            Document("used"),
            Document("changed", "2-y"),
            Document("gone", "2-y"),
            Document("c", key: "k2"),
            Document("d", status: "odd"),
            Document("a"),
        ];
        var before = await TraceAsync();

        var dry = await _import.ImportAsync(documents, command => command with { DryRun = true, BatchSize = 1 });
        var dryReport = await File.ReadAllTextAsync(_import.ReportFile, TestContext.Current.CancellationToken);

        (await TraceAsync()).Should().Be(before);
        (await _import.ImportAsync(documents, command => command with { BatchSize = 1 })).Should().Be(dry);
        dry.Should().Be(new ImportSummary(8, 2, 2, 3, 1));
        Masked(await File.ReadAllTextAsync(_import.ReportFile, TestContext.Current.CancellationToken)).Should().Be(Masked(dryReport));

        Task<string> TraceAsync() =>
            _import.Database.ScalarAsync<string>(
                """
                SELECT concat_ws(' ', (SELECT string_agg(t::text, ',' ORDER BY uid) FROM eventix_task t),
                    (SELECT string_agg(l::text, ',' ORDER BY uid) FROM eventix_import_ledger l),
                    (SELECT count(*) FROM eventix_import_checkpoint), (SELECT last_value FROM eventix_task_id_seq))
                """
            );

        // A stored task that is merged away shows its revision here, which its id is part of.
        static string Masked(string report) =>
            System.Text.RegularExpressions.Regex.Replace(
                report,
                "\"(_rev|updated_time)\":(\"[^\"]*\"|\\{[^}]*\\}\\})",
                "",
                System.Text.RegularExpressions.RegexOptions.ExplicitCapture,
                TimeSpan.FromSeconds(5)
            );
    }

    [Fact]
    public async Task The_report_can_be_mended_and_imported()
    {
        var own = Document("own", status: "odd");
        own["kwargs"] = new BsonDocument("at", new BsonDocument("$date", "2026-03-01T12:00:00Z"));
        await _import.ImportAsync(Document("a", status: "odd"), own);
        var mended = Path.Combine(_import.Folder, "mended.ndjson");
        var lines = await File.ReadAllLinesAsync(_import.ReportFile, TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(mended, lines.Select(Mend), TestContext.Current.CancellationToken);

        var sums = await _import.ImportFromAsync(mended);

        sums.Should().Be(new ImportSummary(2, 2, 0, 0, 0));
        (await _import.TasksAsync("status, kwargs")).Should().Equal("a done {}", """own done {"at":{"$date":"2026-03-01T12:00:00Z"}}""");

        // The one with a `$date` of its own stands as base64, since Extended JSON would make it a date.
        static string Mend(string line)
        {
            var parsed = BsonDocument.Parse(line);
            if (!parsed.Contains("bson"))
                return line.Replace("odd", "done", StringComparison.Ordinal);

            var document = new RawBsonDocument(Convert.FromBase64String(parsed["bson"].AsString)).Materialize(new());
            document["status"] = "done";
            parsed["bson"] = Convert.ToBase64String(document.ToBson());
            return parsed.ToJson();
        }
    }

    private static BsonDocument Document(
        string uid,
        string revision = "1-x",
        DateTime? updated = null,
        string status = "scheduled",
        string? key = null,
        int created = 0
    )
    {
        var document = new BsonDocument
        {
            { "_id", uid },
            { "_rev", revision },
            { "created_time", Noon.AddSeconds(created) },
            { "updated_time", updated ?? Noon },
            { "eta", Noon },
            { "scheduled", Noon },
            { "status", status },
            { "task", "t" },
            {
                "args",
                new BsonArray { uid }
            },
        };
        if (key is not null)
            document["unique_key"] = key;

        return document;
    }
}
