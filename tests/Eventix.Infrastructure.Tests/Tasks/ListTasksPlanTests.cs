using System.Text.RegularExpressions;
using Eventix.Application.Tasks;
using Eventix.Infrastructure.Tasks;
using Eventix.Testing;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Tasks;

/// <summary>What the first page of a list touches, however many tasks are done: counted in pages of PostgreSQL, not by a stopwatch.</summary>
public sealed partial class ListTasksPlanTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private const int Done = 60_000;
    private const int OfEach = 5_000;

    public async ValueTask InitializeAsync()
    {
        if (await database.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM eventix_task)"))
            return;

        // A commit that is not flushed yet keeps vacuum from marking its pages, and so every total at the table.
        await database.ExecuteAsync(
            $"""
            SET synchronous_commit = on;
            INSERT INTO eventix_task (uid, namespace, task, status, worker_id, worker_expires)
            SELECT md5(n::text), 'n' || n % 2, 'task', status,
                CASE WHEN status = 'processing' THEN 'w' || md5(n::text) END, CASE WHEN status = 'processing' THEN now() END
            FROM (
                SELECT n, CASE WHEN n <= {Done} THEN 'done' ELSE (ARRAY['scheduled', 'retry', 'processing', 'error'])[n / 2 % 4 + 1] END AS status
                FROM generate_series(1, {Done + (4 * OfEach)}) n) s
            """
        );

        // So does whatever else has a snapshot at that moment, autovacuum's own ANALYZE for one: until every page is marked.
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        do await database.ExecuteAsync("VACUUM (ANALYZE) eventix_task");
        while (
            await database.ScalarAsync<bool>("SELECT relallvisible < relpages FROM pg_class WHERE oid = 'eventix_task'::regclass")
            && await timer.WaitForNextTickAsync(deadline.Token)
        );
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("processing", "ix_eventix_task_running")]
    [InlineData("error", "ix_eventix_task_failed")]
    public async Task The_first_page_of_what_runs_or_failed_reads_no_more_than_the_page(string status, string index)
    {
        var plan = await ExplainPageAsync(Of(status), after: null, limit: 100);

        plan.Should().Contain(index).And.NotContain("Seq Scan").And.NotContain("Sort");
        BuffersOf(plan).Should().BeLessThan(110);
    }

    [Theory]
    [InlineData("scheduled")]
    [InlineData("retry")]
    public async Task The_first_page_of_what_waits_reads_the_index_and_the_rows_of_the_page(string status)
    {
        var plan = await ExplainPageAsync(Of(status), after: null, limit: 100);

        plan.Should().NotContain("Seq Scan").And.NotContain("Bitmap");
        ScansOf(plan, "Index Only Scan using ix_eventix_task_claim").Should().Be(2, "the guess and the page");
        ScansOf(plan, "Index Scan using ix_eventix_task_claim").Should().Be(1, "the rows");
        ScansOf(plan, "ix_eventix_task_held").Should().Be(1);
        // Each row is found by a descent of its own, and both states that wait stand in the index.
        BuffersOf(plan).Should().BeLessThan((100 * 4) + (2 * 2 * OfEach / 50));
    }

    [Theory]
    [InlineData("scheduled", "ix_eventix_task_claim", 2)]
    [InlineData("processing", "ix_eventix_task_running", 1)]
    [InlineData("error", "ix_eventix_task_failed", 1)]
    public async Task The_total_of_what_is_not_done_reads_the_index_alone(string status, string index, int states)
    {
        await using var count = new NpgsqlCommand();
        TaskListStatement.BuildCount(count, Of(status));

        var plan = await ExplainAsync(count);

        plan.Should().Contain($"Index Only Scan using {index}").And.Contain("Heap Fetches: 0").And.NotContain("Seq Scan");
        BuffersOf(plan).Should().BeLessThan(states * OfEach / 50);
    }

    [Fact]
    public async Task A_page_deep_in_a_list_costs_what_the_first_one_does()
    {
        var last = await database.ScalarAsync<long>("SELECT max(id) FROM eventix_task WHERE namespace = 'n0' AND status = 'error'");
        await using var dump = new NpgsqlCommand();
        TaskListStatement.BuildPage(
            dump,
            new ListTasks(new TaskFilter.All([]), TaskOrder.Uid, [], new TaskCursor(0, default, 0, "fff"), Skip: 0, Limit: 10)
        );

        var (first, deep) = (await ExplainPageAsync(Of("scheduled"), 0, 50), await ExplainPageAsync(Of("scheduled"), last - 400, 50));
        var (ofFailed, ofDump) = (await ExplainPageAsync(Of("error"), last - 400, 50), await ExplainAsync(dump));

        BuffersOf(deep).Should().BeLessThanOrEqualTo(BuffersOf(first) + 10);
        ofFailed.Should().Contain("ix_eventix_task_failed").And.NotContain("Rows Removed");
        BuffersOf(ofFailed).Should().BeLessThan(60);
        ofDump.Should().Contain("pk_eventix_task").And.NotContain("Rows Removed");
        BuffersOf(ofDump).Should().BeLessThan(30);
    }

    private async Task<string> ExplainPageAsync(TaskFilter filter, long? after, int limit)
    {
        await using var page = new NpgsqlCommand();
        var cursor = after is { } id ? new TaskCursor(0, default, id, "") : null;
        TaskListStatement.BuildPage(page, new ListTasks(filter, TaskOrder.Arrival, [], cursor, Skip: 0, limit));

        return await ExplainAsync(page);
    }

    private static int ScansOf(string plan, string scan) => plan.Split(scan).Length - 1;

    private static TaskFilter.All Of(string status) =>
        new([new TaskFilter.Equal(TaskColumn.Status, status), new TaskFilter.Equal(TaskColumn.Namespace, "n0")]);

    private async Task<string> ExplainAsync(NpgsqlCommand command)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        command.Connection = connection;
        command.CommandText = "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) " + command.CommandText;
        await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);

        var plan = new List<string>();
        while (await rows.ReadAsync(TestContext.Current.CancellationToken))
            plan.Add(rows.GetString(0));

        return string.Join('\n', plan);
    }

    // Of the top node, which sums up those below.
    private static int BuffersOf(string plan)
    {
        var buffers = Buffers().Match(plan);

        return new[] { "hit", "read" }.Sum(kind => int.TryParse(buffers.Groups[kind].Value, out var pages) ? pages : 0);
    }

    [GeneratedRegex(@"Buffers: shared( hit=(?<hit>\d+))?( read=(?<read>\d+))?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Buffers();
}
