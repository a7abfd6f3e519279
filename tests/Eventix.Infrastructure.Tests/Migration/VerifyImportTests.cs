using Eventix.Application;
using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Migration;
using Eventix.Testing;
using Eventix.Testing.Migration;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Tests.Migration;

public sealed class VerifyImportTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private static readonly DateTime March = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    private readonly MongoPeer _peer = new();
    private readonly List<VerifyFinding> _findings = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await database.ExecuteAsync("TRUNCATE eventix_task, eventix_import_ledger");

    public ValueTask DisposeAsync() => _peer.DisposeAsync();

    [Fact]
    public async Task What_was_imported_is_equal()
    {
        _peer.Collections.Put([Task("a"), Task("b", ("status", "done")), new BsonDocument { { "_id", "c" }, { "task", "t" } }]);
        await ImportAsync();

        var sums = await VerifyAsync();

        Nonzero(sums).Should().Equal((VerifyOutcome.Equal, 3));
        sums.Differences.Should().Be(0);
        sums.Counts.Should()
            .Equal(
                new VerifyCount("default", "scheduled", 1, 1),
                new VerifyCount("n", "scheduled", 1, 1),
                new VerifyCount("n", "done", 1, 1)
            );
        _findings.Should().BeEmpty();
    }

    [Fact]
    public async Task Every_field_that_differs_is_named()
    {
        _peer.Collections.Put([Task("a"), Task("b")]);
        await ImportAsync();
        await database.ExecuteAsync(
            "UPDATE eventix_task SET priority = 7, kwargs = '{\"a\":  2}', eta = eta + interval '1 millisecond' WHERE uid = 'a'"
        );

        var sums = await VerifyAsync();

        Nonzero(sums).Should().Equal((VerifyOutcome.Equal, 1), (VerifyOutcome.Different, 1));
        sums.Differences.Should().Be(1);
        var finding = _findings.Should().ContainSingle().Subject;
        (finding.Uid, finding.Outcome, finding.IsDifference).Should().Be(("a", VerifyOutcome.Different, true));
        finding
            .Fields.Should()
            .Equal(
                new VerifyField("eta", "\"2026-03-01T12:00:00.000Z\"", "\"2026-03-01T12:00:00.001Z\""),
                new VerifyField("priority", "0", "7"),
                new VerifyField("kwargs", """{"a":1}""", """{"a":2}""")
            );
        finding.Hashes!.Value.Source.Should().NotBe(finding.Hashes.Value.Target);
    }

    [Theory]
    [InlineData("version = 2", "version")]
    [InlineData("created_at = now()", "created_time")]
    [InlineData("updated_at = now()", "updated_time")]
    [InlineData("unique_key = 'k'", "unique_key")]
    [InlineData("scheduled = now()", "scheduled")]
    [InlineData("status = 'retry'", "status")]
    [InlineData("namespace = 'm'", "namespace")]
    [InlineData("task = 'u'", "task")]
    [InlineData("args = '[1]'", "args")]
    [InlineData("worker_id = 'w'", "worker_id")]
    [InlineData("worker_expires = now()", "worker_expires")]
    [InlineData("retry = false", "retry")]
    [InlineData("max_retries = 0", "max_retries")]
    [InlineData("error_eta_inc = 16", "error_eta_inc")]
    [InlineData("error_eta_max = 301", "error_eta_max")]
    [InlineData("store_result = false", "store_result")]
    [InlineData("result = 'false'", "result")]
    [InlineData("error_expires = 1", "error_expires")]
    [InlineData("result_expires = NULL", "result_expires")]
    [InlineData("expires = now()", "expires")]
    [InlineData("operator = 'o'", "operator")]
    public async Task A_change_of_any_column_is_seen(string change, string field)
    {
        _peer.Collections.Put([Task("a")]);
        await ImportAsync();
        await database.ExecuteAsync($"UPDATE eventix_task SET {change}");

        (await VerifyAsync()).Differences.Should().Be(1);

        _findings.Should().ContainSingle().Which.Fields.Should().ContainSingle().Which.Name.Should().Be(field);
    }

    [Fact]
    public async Task What_has_run_here_since_is_told_apart_from_what_is_missing()
    {
        _peer.Collections.Put([
            Task("claimed"),
            Task("finished"),
            Task("lost"),
            Task("beating", ("status", "processing"), ("worker_expires", March)),
        ]);
        await ImportAsync();
        await database.ExecuteAsync(
            """
            UPDATE eventix_task SET status = 'processing', worker_expires = now(), revision = revision + 1, imported_revision = NULL WHERE uid = 'claimed';
            DELETE FROM eventix_task WHERE uid IN ('finished', 'lost');
            DELETE FROM eventix_import_ledger WHERE uid = 'lost';
            UPDATE eventix_task SET worker_expires = now() WHERE uid = 'beating';
            """
        );

        var sums = await VerifyAsync();

        Nonzero(sums).Should().Equal((VerifyOutcome.ChangedHere, 2), (VerifyOutcome.GoneHere, 1), (VerifyOutcome.Missing, 1));
        sums.Documents.Should().Be(4);
        _findings.Single(finding => finding.IsDifference).Uid.Should().Be("lost");
    }

    [Fact]
    public async Task What_the_source_has_written_since_asks_for_another_run()
    {
        _peer.Collections.Put([Task("waits"), Task("moved"), Task("gone")]);
        await ImportAsync();
        await database.ExecuteAsync(
            """
            UPDATE eventix_task SET revision = revision + 1, imported_revision = NULL WHERE uid = 'moved';
            DELETE FROM eventix_task WHERE uid = 'gone';
            """
        );
        _peer.Collections.Put([Task("waits", ("_rev", "2-b")), Task("moved", ("_rev", "2-b")), Task("gone", ("_rev", "2-b"))]);

        Nonzero(await VerifyAsync()).Should().Equal((VerifyOutcome.ChangedInSource, 3));
    }

    [Fact]
    public async Task What_the_source_has_deleted_since_counts_only_while_it_could_still_run()
    {
        _peer.Collections.Put([Task("waits"), Task("done", ("status", "done")), Task("stays")]);
        await ImportAsync();
        await database.ExecuteAsync("INSERT INTO eventix_task (uid, task) VALUES ('posted here', 't')");
        _peer.Collections.Remove("waits");
        _peer.Collections.Remove("done");

        var sums = await VerifyAsync();

        Nonzero(sums).Should().Equal((VerifyOutcome.Equal, 1), (VerifyOutcome.GoneFromSource, 1));
        (sums.Documents, sums.PostedHere, sums.FinishedAndGoneFromSource).Should().Be((1, 1, 1));
        _findings.Should().ContainSingle().Which.Uid.Should().Be("waits");
    }

    [Fact]
    public async Task What_was_merged_skipped_or_rejected_is_explained()
    {
        await database.ExecuteAsync("INSERT INTO eventix_task (uid, task) VALUES ('used', 'other')");
        _peer.Collections.Put([
            Task("older", ("unique_key", "k")),
            Task("newer", ("unique_key", "k"), ("created_time", March.AddHours(1))),
            Task("used"),
            Task("odd", ("status", "paused")),
        ]);
        await ImportAsync();

        var sums = await VerifyAsync();

        (sums.Outcomes[VerifyOutcome.Skipped], sums.Outcomes[VerifyOutcome.Rejected]).Should().Be((1, 1));
        _findings.Should().Contain(finding => finding.Uid == "newer" && finding.Outcome == VerifyOutcome.Merged);
        sums.Differences.Should().Be(0);
        _findings
            .Single(finding => finding.Outcome == VerifyOutcome.Rejected)
            .Should()
            .Match<VerifyFinding>(finding => finding.Uid == "odd" && finding.Reason!.Contains("paused"));
    }

    [Fact]
    public async Task Namespace_and_status_choose_on_both_sides()
    {
        _peer.Collections.Put([Task("a"), Task("b", ("namespace", "m")), Task("c", ("namespace", "m"), ("status", "done"))]);
        await ImportAsync();
        await database.ExecuteAsync("DELETE FROM eventix_import_ledger; UPDATE eventix_task SET priority = 1");

        (await VerifyAsync(all => all with { Namespaces = ["n"] })).Documents.Should().Be(1);
        (await VerifyAsync(all => all with { Namespaces = ["m", "n"] })).Documents.Should().Be(3);
        var sums = await VerifyAsync(all => all with { Namespaces = ["m"], Statuses = [EventixTaskStatus.Done] });

        sums.Counts.Should().Equal(new VerifyCount("m", "done", 1, 1));
        sums.Differences.Should().Be(1);
    }

    [Fact]
    public async Task What_was_on_its_way_while_both_were_read_is_read_again()
    {
        _peer.Collections.Put([Task("late"), Task("written")]);
        await ImportAsync();
        _peer.Collections.Put([Task("written", ("_rev", "2-b"), ("priority", 5))]);
        await database.ExecuteAsync("UPDATE eventix_task SET priority = 9 WHERE uid = 'late'");

        // With the second look at the source, both sides have come to rest.
        var finds = 0;
        _peer.DropOn = (name, command) =>
        {
            if (name == "find" && command["filter"].AsBsonDocument.Contains("_id") && finds++ == 0)
            {
                _peer.Collections.Put([Task("written")]);
                database.ExecuteAsync("UPDATE eventix_task SET priority = 0 WHERE uid = 'late'").GetAwaiter().GetResult();
            }

            return false;
        };

        Nonzero(await VerifyAsync()).Should().Equal((VerifyOutcome.Equal, 2));
        finds.Should().Be(1);
        _findings.Should().BeEmpty();
    }

    [Fact]
    public async Task What_was_exported_is_equal_to_what_is_here()
    {
        _peer.Collections.Put([Task("imported"), Task("run")]);
        await ImportAsync();
        await database.ExecuteAsync(
            """
            UPDATE eventix_task SET status = 'done', result = '1', revision = revision + 1, imported_revision = NULL WHERE uid = 'run';
            INSERT INTO eventix_task (uid, task, args, kwargs, result)
            VALUES ('posted here', 't', '[1, 2.50, "\u00fc"]', '{"a": {"$date": "2026-03-01T12:00:00Z"}, "b": 1e2}', '{ }');
            """
        );
        await new ExportTasksHandler(database.DataSource).Handle(new ExportTasks(_peer.Uri(), ExportFormat.MongoDb, Replace: true), Cancel);

        Nonzero(await VerifyAsync()).Should().Equal((VerifyOutcome.Equal, 3));
    }

    [Fact]
    public async Task A_source_that_does_not_exist_is_told()
    {
        var verify = () => VerifyAsync(all => all with { From = "/nowhere/task.bson" });

        (await verify.Should().ThrowAsync<SourceException>()).WithMessage("*does not exist*");
    }

    private static List<(VerifyOutcome Outcome, long Count)> Nonzero(VerifySummary sums) =>
        [
            .. sums
                .Outcomes.Where(outcome => outcome.Value > 0)
                .OrderBy(outcome => outcome.Key)
                .Select(outcome => (outcome.Key, outcome.Value)),
        ];

    private async Task ImportAsync()
    {
        var folder = Directory.CreateTempSubdirectory("evx-verify-");
        var dump = Path.Combine(folder.FullName, "task.bson");
        await File.WriteAllBytesAsync(dump, [.. _peer.Collections.All().SelectMany(document => document.ToBson())], Cancel);
        await new ImportDumpHandler(database.DataSource, Rules()).Handle(
            new ImportDump(dump, Path.Combine(folder.FullName, "rejects.ndjson")),
            Cancel
        );
        folder.Delete(recursive: true);
    }

    private async Task<VerifySummary> VerifyAsync(Func<VerifyImport, VerifyImport>? with = null)
    {
        var command = new VerifyImport(_peer.Uri(), Findings: new Collecting(_findings), RereadAfter: TimeSpan.FromMilliseconds(10));

        return await new VerifyImportHandler(database.DataSource, Rules()).Handle(with is null ? command : with(command), Cancel);
    }

    private static IValidator<NewTask> Rules() =>
        new ServiceCollection().AddApplication().BuildServiceProvider().GetRequiredService<IValidator<NewTask>>();

    private static BsonDocument Task(string uid, params (string Field, BsonValue Value)[] fields)
    {
        var document = new BsonDocument
        {
            { "_id", uid },
            { "_rev", "1-a" },
            { "created_time", March },
            { "updated_time", March },
            { "eta", March },
            { "scheduled", March },
            { "namespace", "n" },
            { "task", "t" },
            { "kwargs", new BsonDocument("a", 1) },
        };
        foreach (var (field, value) in fields)
            document[field] = value;

        return document;
    }

    private sealed class Collecting(List<VerifyFinding> findings) : IProgress<VerifyFinding>
    {
        public void Report(VerifyFinding value) => findings.Add(value);
    }
}
