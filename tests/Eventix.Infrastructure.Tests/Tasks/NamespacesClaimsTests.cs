using System.Collections.Concurrent;
using System.Globalization;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Eventix.Infrastructure.Tasks;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tests.Tasks;

/// <summary>Claims from several namespaces in one statement.</summary>
public sealed class NamespacesClaimsTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    private static NamespacesClaim Claim(
        IEnumerable<NamespaceLimit> namespaces,
        int limit = 1_000_000,
        string worker = "w",
        string[]? names = null
    ) => new([.. namespaces], worker, limit, TimeSpan.FromMinutes(5), names);

    private static string[] Uids(IEnumerable<EventixTask> tasks) => [.. tasks.Select(task => task.Uid)];

    /// <summary>In each of the namespaces tasks `…-1` to `…-count`, of three priorities.</summary>
    private Task InsertAsync(string like, int namespaces, int count) =>
        eventix.ExecuteAsync(
            $"""
            INSERT INTO eventix_task (uid, task, namespace, priority, eta)
            SELECT '{like}' || m || '-' || n, 't' || n % 2, '{like}' || m, n % 3, now() - make_interval(secs => 1000 + n)
            FROM generate_series(1, {namespaces}) m, generate_series(1, {count}) n
            """
        );

    [Fact]
    public async Task Each_namespace_gives_up_to_its_limit_in_its_own_order()
    {
        await InsertAsync("each", 3, 7);
        await eventix.ExecuteAsync("UPDATE eventix_task SET eta = now() + interval '1 day' WHERE uid = 'each1-6'");

        var claimed = await eventix.Claims.ClaimAsync(Claim([new("each3", 2), new("nothing", 5), new("each1", 9)], worker: "of-each"));

        claimed.Should().HaveCount(3);
        Uids(claimed[0]).Should().Equal("each3-6", "each3-3");
        claimed[1].Should().BeEmpty();
        Uids(claimed[2]).Should().Equal("each1-3", "each1-7", "each1-4", "each1-1", "each1-5", "each1-2");
        claimed[2]
            .Should()
            .OnlyContain(task => task.WorkerId == "of-each" && task.Status == EventixTaskStatus.Processing && task.Attempt == 1);
        (claimed[0][0].WorkerExpires - claimed[0][0].UpdatedAt).Should().Be(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Where_the_limit_of_all_is_less_those_in_front_come_first()
    {
        await InsertAsync("front", 3, 7);

        var claimed = await eventix.Claims.ClaimAsync(Claim([new("front2", 5), new("front1", 5), new("front3", 5)], limit: 8));

        claimed.Select(tasks => tasks.Count).Should().Equal(5, 3, 0);
        Uids(claimed[1]).Should().Equal("front1-6", "front1-3", "front1-7");
        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace LIKE 'front%' AND status = 'processing'"))
            .Should()
            .Be(8, "nobody runs what is leased beyond that");
    }

    [Fact]
    public async Task Only_tasks_of_the_names_asked_for_are_claimed()
    {
        await InsertAsync("named", 2, 6);

        var claimed = await eventix.Claims.ClaimAsync(Claim([new("named1", 2), new("named2", 9)], names: ["t0", "other"]));

        Uids(claimed[0]).Should().Equal("named1-6", "named1-4");
        Uids(claimed[1]).Should().Equal("named2-6", "named2-4", "named2-2");
    }

    [Fact]
    public async Task Claimers_at_the_same_time_get_each_task_once_and_never_more_than_their_limits()
    {
        const int Namespaces = 40;
        const int Each = 50;
        await InsertAsync("rush", Namespaces, Each);
        var claimed = new ConcurrentBag<string>();
        var most = new ConcurrentBag<int>();

        await Parallel.ForEachAsync(
            Enumerable.Range(1, 8),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (claimer, _) =>
            {
                // Each claimer from another namespace on: they meet in all of them.
                NamespaceLimit[] limits =
                [
                    .. Enumerable.Range(0, Namespaces).Select(n => new NamespaceLimit($"rush{1 + ((n + (claimer * 5)) % Namespaces)}", 3)),
                ];
                while (claimed.Count < Namespaces * Each)
                {
                    foreach (var tasks in await eventix.Claims.ClaimAsync(Claim(limits, worker: $"rush-{claimer}")))
                    {
                        most.Add(tasks.Count);
                        foreach (var task in tasks)
                            claimed.Add(task.Uid);
                    }
                }
            }
        );

        claimed.Should().HaveCount(Namespaces * Each).And.OnlyHaveUniqueItems();
        most.Max().Should().Be(3);
    }

    [Fact]
    public async Task A_task_that_somebody_has_locked_is_left_out_and_the_next_one_taken()
    {
        await InsertAsync("locked", 2, 7);
        await using var connection = await eventix.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var operators = new NpgsqlCommand("SELECT FROM eventix_task WHERE uid = 'locked1-6' FOR UPDATE", connection))
            await operators.ExecuteNonQueryAsync();

        var claimed = await eventix.Claims.ClaimAsync(Claim([new("locked1", 2), new("locked2", 2)])).WaitAsync(TimeSpan.FromSeconds(20));

        Uids(claimed[0]).Should().Equal("locked1-3", "locked1-7");
        Uids(claimed[1]).Should().Equal("locked2-6", "locked2-3");
    }

    [Fact]
    public async Task Each_namespace_is_claimed_from_behind_its_own_bookmarks()
    {
        await InsertAsync("marks", 3, 9);
        var claims = new NamespacesClaims(
            eventix.DataSource,
            new ClaimBookmarks(new SlowClock()),
            new ClaimedRows(NullLogger<TaskClaims>.Instance)
        );
        NamespaceLimit[] limits = [new("marks1", 4), new("marks2", 1), new("marks3", 5)];
        await claims.ClaimAsync(Claim(limits));

        // Before the bookmarks of priority 0, which only marks2 has still tasks of; marks1 has one of priority 1 too.
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, namespace, priority, eta)
            SELECT 'hidden' || m, 't0', 'marks' || m, 0, now() - interval '1 day' FROM generate_series(1, 3) m;
            INSERT INTO eventix_task (uid, task, namespace, priority) VALUES ('urgent', 't0', 'marks1', -5)
            """
        );
        var rest = await claims.ClaimAsync(Claim([.. limits.Select(one => one with { Limit = 20 })]));

        Uids(rest[0]).Should().Equal("urgent", "marks1-4", "marks1-1", "marks1-8", "marks1-5", "marks1-2");
        Uids(rest[1]).Should().Equal("marks2-6", "marks2-3", "marks2-7", "marks2-4", "marks2-1", "marks2-8", "marks2-5", "marks2-2");
        Uids(rest[2]).Should().Equal("marks3-1", "marks3-8", "marks3-5", "marks3-2");
    }

    /// <summary>Says that every look takes 100 ms, so that the next one begins at bookmarks.</summary>
    private sealed class SlowClock : TimeProvider
    {
        private long _now = TimeSpan.TicksPerDay;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now += TimeSpan.FromMilliseconds(20).Ticks;
    }

    [Fact]
    public async Task A_namespace_without_due_tasks_costs_a_descent_and_no_claim_reads_the_table()
    {
        const int Namespaces = 500;
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, namespace, eta)
            SELECT 'plan-' || n, 't', 'plan-' || n % 500, now() + CASE WHEN n % 500 < 450 THEN interval '1 day' ELSE '-1 min' END
            FROM generate_series(1, 50000) n;
            INSERT INTO eventix_task (uid, task, namespace, status) SELECT 'end-' || n, 't', 'plan-' || n % 500, 'done' FROM generate_series(1, 50000) n
            """
        );
        await eventix.ExecuteAsync("VACUUM ANALYZE eventix_task");

        foreach (var mode in new[] { "force_custom_plan", "force_generic_plan" })
        {
            var idle = await ExplainAsync([.. Enumerable.Range(0, 450).Select(n => $"plan-{n}")], mode);
            idle.Rows.Should().Be(0);
            idle.Buffers.Should().BeLessThanOrEqualTo(450 * 8, "a lane that is not due yet is stepped over by a second descent");
            (await ExplainAsync([.. Enumerable.Range(0, Namespaces).Select(n => $"none-{n}")], mode))
                .Buffers.Should()
                .BeLessThanOrEqualTo(Namespaces * 4);

            var all = await ExplainAsync([.. Enumerable.Range(0, Namespaces).Select(n => $"plan-{n}")], mode);
            all.Rows.Should().Be(50 * 3);
            all.Plan.Should().Contain("Tid Scan").And.NotContain("Seq Scan").And.NotContain("\"JIT\"");
        }
    }

    private async Task<(long Buffers, double Rows, string Plan)> ExplainAsync(string[] namespaces, string mode)
    {
        await using var connection = await eventix.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var set = new NpgsqlCommand($"SET LOCAL plan_cache_mode = {mode}", connection))
            await set.ExecuteNonQueryAsync();
        var (buffers, rows, text) = (0L, 0.0, "");
        for (var run = 0; run < 2; run++)
        {
            await transaction.SaveAsync("before");
            await using var command = new NpgsqlCommand(
                "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON) " + NamespacesClaims.Claim,
                connection,
                transaction
            );
            command
                .Parameters.With(namespaces)
                .With<int[]>([.. namespaces.Select(_ => 3)])
                .With<string[]>(["w"])
                .With<TimeSpan[]>([TimeSpan.FromSeconds(300)])
                .With<long[]>([])
                .With<DateTimeOffset[]>([])
                .With<string[]?>(["t"], NpgsqlDbType.Array | NpgsqlDbType.Text)
                .With<string?>(null, NpgsqlDbType.Text)
                .With<int[]>([.. namespaces.Select(_ => 1)])
                .With<int[]>([.. namespaces.Select(_ => 0)])
                .With(10_000L);
            text = (string)(await command.ExecuteScalarAsync())!;
            var plan = System.Text.Json.JsonDocument.Parse(text).RootElement[0].GetProperty("Plan");
            buffers = plan.GetProperty("Shared Hit Blocks").GetInt64() + plan.GetProperty("Shared Read Blocks").GetInt64();
            rows = plan.GetProperty("Actual Rows").GetDouble();
            await transaction.RollbackAsync("before");
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{mode}, {namespaces.Length} namespaces, {rows} rows: {buffers} buffers")
        );
        return (buffers, rows, text);
    }
}
