using System.Collections.Concurrent;
using System.Globalization;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Eventix.Infrastructure.Tasks;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class TaskClaimsTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    [Fact]
    public async Task A_task_that_somebody_has_locked_holds_up_no_other_lease_and_is_not_lost()
    {
        await eventix.ExecuteAsync(
            "INSERT INTO eventix_task (uid, task, namespace) SELECT 'beat-' || n, 't', 'beat' FROM generate_series(1, 3) n"
        );
        await eventix.Claim("beat", limit: 3, worker: "beats", lease: TimeSpan.FromSeconds(1));
        await eventix.ExecuteAsync("UPDATE eventix_task SET cancel_requested_at = now() WHERE uid = 'beat-3'");
        await using var connection = await eventix.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var operators = new NpgsqlCommand("SELECT FROM eventix_task WHERE uid = 'beat-1' FOR UPDATE", connection))
            await operators.ExecuteNonQueryAsync();

        var held = await eventix
            .Claims.ExtendLeasesAsync("beats", ["beat-1", "beat-2", "beat-3", "gone"], TimeSpan.FromHours(1), default)
            .WaitAsync(TimeSpan.FromSeconds(20));

        held.OrderBy(lease => lease.Uid)
            .Select(lease => (lease.Uid, lease.IsExtended, lease.IsCancelled))
            .Should()
            .Equal(("beat-1", false, false), ("beat-2", true, false), ("beat-3", true, true));
        (
            await eventix.ScalarAsync<string>(
                "SELECT string_agg(uid, ' ' ORDER BY uid) FROM eventix_task WHERE worker_expires > now() + interval '50 min'"
            )
        )
            .Should()
            .Be("beat-2 beat-3");
        await transaction.RollbackAsync();
        await eventix.ExecuteAsync("DELETE FROM eventix_task WHERE namespace = 'beat'");
    }

    [Fact]
    public async Task A_time_beyond_the_calendar_takes_no_other_task_of_its_claim_along()
    {
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, namespace, scheduled, eta)
            SELECT 'calendar-' || n, 't', 'calendar', CASE WHEN n = 2 THEN '20000-01-01' ELSE now() END,
                   CASE WHEN n = 3 THEN '0500-01-01 BC' ELSE now() - interval '1 min' END
            FROM generate_series(1, 5) n
            """
        );

        var claimed = await eventix.Claim("calendar", limit: 10);

        claimed.Select(task => task.Uid).Order().Should().Equal("calendar-1", "calendar-4", "calendar-5");
        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'calendar' AND status = 'processing'"))
            .Should()
            .Be(5, "the leases of the others run out by themselves");
        await eventix.ExecuteAsync("DELETE FROM eventix_task WHERE namespace = 'calendar'");
    }

    private static readonly DateTimeOffset Past = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_claim_follows_priority_then_eta_then_arrival()
    {
        foreach (var (uid, priority, eta) in new[] { ("b2", 2, 0), ("a2", 1, 1), ("a1", 1, 0), ("a1-later", 1, 0), ("first", -3, 9) })
            await eventix.Post(
                new NewTask
                {
                    Uid = uid,
                    Task = "t",
                    Namespace = "order",
                    Priority = priority,
                    Eta = Past.AddDays(eta),
                }
            );
        await eventix.Post(
            new NewTask
            {
                Task = "t",
                Namespace = "order",
                Priority = -9,
                Eta = Past.AddYears(200),
            }
        );

        var singly = new List<string>();
        for (var i = 0; i < 2; i++)
            singly.Add((await eventix.ClaimOne("order")).Uid);
        var rest = await eventix.Claim("order", 10);

        singly.Concat(rest.Select(task => task.Uid)).Should().Equal("first", "a1", "a1-later", "a2", "b2");
        (await eventix.Claim("order")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_claim_leases_the_task_and_raises_its_revision()
    {
        var posted = await eventix.Post(new NewTask { Task = "t", Namespace = "lease" });

        var claimed = (await eventix.Claim("lease", worker: "w1", lease: TimeSpan.FromSeconds(90))).Single();

        claimed.Status.Should().Be(EventixTaskStatus.Processing);
        claimed.WorkerId.Should().Be("w1");
        claimed.Attempt.Should().Be(1);
        claimed.RevisionCounter.Should().Be(posted.RevisionCounter + 1);
        (claimed.WorkerExpires - claimed.UpdatedAt).Should().Be(TimeSpan.FromSeconds(90));
        (await eventix.Get(posted.Uid))
            .Should()
            .BeEquivalentTo(claimed, options => options.Excluding(task => task.Args).Excluding(task => task.Kwargs));
    }

    [Fact]
    public async Task Only_tasks_of_the_names_asked_for_are_claimed()
    {
        await eventix.Post(
            new NewTask
            {
                Task = "python",
                Namespace = "names",
                Eta = Past,
            }
        );
        await eventix.Post(
            new NewTask
            {
                Uid = "mine",
                Task = "dotnet",
                Namespace = "names",
            }
        );

        var claimed = await eventix.Claims.ClaimAsync(new TaskClaim("names", "w", 10, TimeSpan.FromMinutes(1), ["dotnet", "other"]));

        claimed.Select(task => task.Uid).Should().Equal("mine");
    }

    [Fact]
    public async Task Sixteen_claimers_share_ten_thousand_tasks_without_overlap_and_each_in_order()
    {
        const int Tasks = 10_000;
        await eventix.ExecuteAsync(
            $"""
            INSERT INTO eventix_task (uid, task, namespace, priority, eta)
            SELECT 'many-' || n, 't', 'many', n % 7, now() - make_interval(secs => (n * 7919) % 100000) FROM generate_series(1, {Tasks}) n
            """
        );
        var claimed = new ConcurrentBag<IReadOnlyList<EventixTask>>();

        // Half of them claim one at a time, half in batches of their own size.
        await Task.WhenAll(
            Enumerable
                .Range(0, 16)
                .Select(claimer =>
                    Task.Run(async () =>
                    {
                        var mine = new List<EventixTask>();
                        while (await eventix.Claim("many", claimer % 2 == 0 ? 1 : claimer * 5, $"w{claimer}") is { Count: > 0 } batch)
                            mine.AddRange(batch);
                        claimed.Add(mine);
                    })
                )
        );

        claimed.Sum(mine => mine.Count).Should().Be(Tasks);
        claimed.SelectMany(mine => mine).Select(task => task.Uid).Should().OnlyHaveUniqueItems();
        claimed
            .Should()
            .AllSatisfy(mine => mine.Should().Equal(mine.OrderBy(task => task.Priority).ThenBy(task => task.Eta).ThenBy(task => task.Id)));
        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'many' AND status <> 'processing'"))
            .Should()
            .Be(0);
    }

    [Fact]
    public async Task A_lost_lease_is_rescued_and_every_late_write_of_the_first_worker_changes_nothing()
    {
        await eventix.Post(
            new NewTask
            {
                Uid = "lost",
                Task = "t",
                Namespace = "lost",
            }
        );
        var first = (await eventix.Claim("lost", worker: "first", lease: TimeSpan.Zero)).Single();

        (await eventix.Maintenance.RescueAsync(default)).Should().Be(1);
        var rescued = await eventix.Get("lost");
        var second = (await eventix.Claim("lost", worker: "second")).Single();

        var put = () =>
            eventix.Send(
                new PutTask(
                    new NewTask
                    {
                        Uid = "lost",
                        Task = "t",
                        Namespace = "lost",
                        Status = EventixTaskStatus.Done,
                        Revision = first.WireRevision,
                    }
                )
            );
        (await put.Should().ThrowAsync<Domain.DomainException>()).Which.Code.Should().Be("RevisionConflict");
        (await eventix.WriteBack(first, first.Succeed("1"u8.ToArray()))).Should().Be(WriteBackAnswer.Stale);

        rescued
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = EventixTaskStatus.Scheduled,
                    WorkerId = (string?)null,
                    WorkerExpires = (DateTimeOffset?)null,
                    LostLeases = 1,
                }
            );
        var stored = await eventix.Get("lost");
        stored
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = EventixTaskStatus.Processing,
                    WorkerId = "second",
                    Revision = second.Revision,
                    Attempt = 2,
                }
            );
        (await eventix.WriteBack(second, second.Succeed("2"u8.ToArray()))).Should().Be(WriteBackAnswer.Written);
    }

    [Fact]
    public async Task A_single_claim_stays_within_its_buffers_whatever_lies_in_front_of_the_due_task()
    {
        var rows = Environment.GetEnvironmentVariable("EVENTIX_LONG_TESTS") == "1" ? 1_000_000 : 100_000;
        await eventix.ExecuteAsync(
            $"""
            INSERT INTO eventix_task (uid, task, namespace, priority, eta)
            SELECT 'later-' || n, 't', 'deep', 0, now() + interval '1 day' + make_interval(secs => n) FROM generate_series(1, {rows}) n;
            INSERT INTO eventix_task (uid, task, namespace, status, result)
            SELECT 'done-' || n, 't', 'deep', 'done', '1' FROM generate_series(1, {rows}) n;
            INSERT INTO eventix_task (uid, task, namespace, priority) SELECT 'due-' || n, 't', 'deep', 100 FROM generate_series(1, 1000) n;
            """
        );
        await eventix.ExecuteAsync("VACUUM ANALYZE eventix_task");

        (await BuffersOfAClaimAsync("deep")).Should().BeLessThanOrEqualTo(50);

        const int Lanes = 30;
        await eventix.ExecuteAsync(
            $"""
            INSERT INTO eventix_task (uid, task, namespace, priority, eta)
            SELECT 'lane-' || p || '-' || n, 't', 'deep', p, now() + interval '1 day' FROM generate_series(1, {Lanes}) p, generate_series(1, 100) n
            """
        );

        (await BuffersOfAClaimAsync("deep")).Should().BeLessThanOrEqualTo(50 + (4 * Lanes));
    }

    [Fact]
    public async Task Bookmarks_step_over_claimed_tasks_that_vacuum_may_not_remove()
    {
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, namespace, eta)
            SELECT 'held-' || n, 't', 'held', now() - interval '1 day' + make_interval(secs => n) FROM generate_series(1, 20000) n
            """
        );
        await eventix.ExecuteAsync("VACUUM ANALYZE eventix_task");

        await using var snapshot = await eventix.DataSource.OpenConnectionAsync();
        await using var held = await snapshot.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using (var look = new NpgsqlCommand("SELECT count(*) FROM eventix_task", snapshot))
            await look.ExecuteScalarAsync();
        var claimed = await eventix.Claim("held", 15_000);
        var last = claimed[^1];

        var full = await BuffersOfAClaimAsync("held");
        var bookmarked = await BuffersOfAClaimAsync("held", [last.Priority], [last.Eta]);

        bookmarked.Should().BeLessThanOrEqualTo(50);
        full.Should().BeGreaterThan(bookmarked, "otherwise this test shows nothing");
    }

    [Fact]
    public async Task A_claim_is_not_planned_anew_for_every_limit_and_set_of_names()
    {
        await eventix.ExecuteAsync(
            "INSERT INTO eventix_task (uid, task, namespace) SELECT 'planned ' || n, 't', 'planned' FROM generate_series(1, 20000) n"
        );
        await eventix.ExecuteAsync("ANALYZE eventix_task");

        await using var connection = await eventix.DataSource.OpenConnectionAsync();
        await using var claim = new NpgsqlCommand(TaskClaims.Claim, connection);
        for (var run = 0; run < 20; run++)
        {
            claim.Parameters.Clear();
            claim
                .Parameters.With("planned")
                .With(1 + (run % 2))
                .With<string[]>(["w"])
                .With<TimeSpan[]>([TimeSpan.FromSeconds(300)])
                .With<long[]>([])
                .With<DateTimeOffset[]>([])
                .With(run % 3 == 0 ? null : new[] { "t" }, NpgsqlDbType.Array | NpgsqlDbType.Text)
                .With<string?>(null, NpgsqlDbType.Text)
                .With<long[]>([1]);
            if (run == 0)
                await claim.PrepareAsync();
            await claim.ExecuteNonQueryAsync();
        }

        await using var plans = new NpgsqlCommand(
            "SELECT custom_plans FROM pg_prepared_statements WHERE statement LIKE '%lane (priority%' AND statement NOT LIKE '%custom_plans%'",
            connection
        );
        (await plans.ExecuteScalarAsync()).Should().Be(5L, "PostgreSQL tries so many plans for the values before it keeps one for all");
    }

    [Theory]
    [InlineData(
        TaskClaims.Claim,
        "text, int, text[], interval[], bigint[], timestamptz[], text[], text, bigint[]",
        "'default', 1, '{w}', '{1 s}', '{}', '{}', NULL, NULL, '{1}'"
    )]
    [InlineData(
        NamespacesClaims.Claim,
        "text[], int[], text[], interval[], bigint[], timestamptz[], text[], text, int[], int[], bigint",
        "'{default, other}', '{1, 1}', '{w}', '{1 s}', '{}', '{}', NULL, NULL, '{1, 1}', '{0, 0}', 1"
    )]
    public async Task However_many_tasks_wait_a_claim_does_not_look_dear_enough_to_be_compiled(string claim, string types, string values)
    {
        await eventix.ExecuteAsync(
            "INSERT INTO eventix_task (uid, task) SELECT 'dear ' || n, 't' FROM generate_series(1, 1000) n ON CONFLICT DO NOTHING"
        );
        await eventix.ExecuteAsync("VACUUM ANALYZE eventix_task");
        await using var connection = await eventix.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var explain = new NpgsqlCommand(
            $"""
            UPDATE pg_class SET reltuples = 60000000 WHERE relname IN ('eventix_task', 'ix_eventix_task_claim');
            SET LOCAL plan_cache_mode = force_generic_plan;
            PREPARE dear ({types}) AS {claim};
            EXPLAIN (FORMAT JSON) EXECUTE dear ({values})
            """,
            connection,
            transaction
        );

        var plan = await ReadPlanAsync(explain);

        plan.GetProperty("Total Cost").GetDouble().Should().BeInRange(100, 100_000, "jit_above_cost is 100,000");
    }

    [Fact]
    public async Task A_claim_logs_its_lock_its_row_and_two_index_entries_for_each_task_and_nothing_else()
    {
        // Those in the middle come first: all pages about them are of such tasks alone.
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, namespace, eta)
            SELECT 'logged ' || n, 't', 'logged', now() - interval '1 day' + abs(n - 1500) * interval '1 s' FROM generate_series(1, 3000) n
            """
        );

        // Summarises the ranges of the index of what expires, as vacuum does sooner or later.
        await eventix.ExecuteAsync("VACUUM ANALYZE eventix_task");
        await using var connection = await eventix.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var explain = ClaimCommand(connection, transaction, "EXPLAIN (ANALYZE, WAL, FORMAT JSON)", "logged", limit: 500);

        var plan = await ReadPlanAsync(explain);

        plan.GetProperty("Actual Rows").GetDouble().Should().Be(500);
        plan.GetProperty("WAL Records").GetInt64().Should().BeInRange(4 * 500, (4 * 500) + 100, "some pages are pruned or split");
    }

    [Fact]
    public async Task A_heartbeat_looks_its_tasks_up_and_not_through_what_runs()
    {
        // What runs looks cheap, since it is little; its index has an entry of every task that has run since the oldest snapshot.
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, namespace, status, worker_id, worker_expires)
            SELECT 'beat ' || n, 't', 'beat', CASE WHEN n <= 500 THEN 'processing' ELSE 'done' END, 'beats', now() + interval '1 min'
            FROM generate_series(1, 20000) n
            """
        );
        await eventix.ExecuteAsync("VACUUM ANALYZE eventix_task");
        await using var connection = await eventix.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var explain = new NpgsqlCommand("EXPLAIN (ANALYZE, FORMAT TEXT) " + TaskClaims.ExtendLeases, connection, transaction);
        explain
            .Parameters.With("beats")
            .With(TimeSpan.FromMinutes(5))
            .With<string[]>([.. Enumerable.Range(1, 500).Select(n => $"beat {n}")]);

        var plan = new List<string>();
        await using (var lines = await explain.ExecuteReaderAsync())
        {
            while (await lines.ReadAsync())
                plan.Add(lines.GetString(0));
        }

        plan[0].Should().Contain("rows=500", "a plan of a heartbeat that extends nothing shows nothing");
        plan.Where(line => line.Contains("ix_eventix_task_running", StringComparison.Ordinal)).Should().BeEmpty();
        plan.Where(line => line.Contains("Removed by Join Filter", StringComparison.Ordinal))
            .Should()
            .BeEmpty("each would be compared with each");
    }

    /// <summary>Shared buffers that PostgreSQL touched for a claim of one, rolled back. A warm run: the first one also reads the catalogue.</summary>
    private async Task<long> BuffersOfAClaimAsync(string @namespace, long[]? priorities = null, DateTimeOffset[]? etas = null)
    {
        long buffers = 0;

        await using var connection = await eventix.DataSource.OpenConnectionAsync();
        for (var run = 0; run < 2; run++)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await using var explain = ClaimCommand(
                connection,
                transaction,
                "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON)",
                @namespace,
                limit: 1,
                priorities,
                etas
            );

            var plan = await ReadPlanAsync(explain);
            plan.GetProperty("Actual Rows").GetDouble().Should().Be(1, "a plan of a claim that claims nothing shows nothing");
            buffers = plan.GetProperty("Shared Hit Blocks").GetInt64() + plan.GetProperty("Shared Read Blocks").GetInt64();
            await transaction.RollbackAsync();
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{@namespace}: {buffers} buffers"));
        return buffers;
    }

    private static NpgsqlCommand ClaimCommand(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        string explain,
        string @namespace,
        int limit,
        long[]? priorities = null,
        DateTimeOffset[]? etas = null
    )
    {
        var command = new NpgsqlCommand($"{explain} {TaskClaims.Claim}", connection, transaction);
        command
            .Parameters.With(@namespace)
            .With(limit)
            .With<string[]>(["w"])
            .With<TimeSpan[]>([TimeSpan.FromSeconds(300)])
            .With(priorities ?? [])
            .With(etas ?? [])
            .With<string[]?>(null, NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With<string?>(null, NpgsqlDbType.Text)
            .With<long[]>([1]);

        return command;
    }

    private static async Task<System.Text.Json.JsonElement> ReadPlanAsync(NpgsqlCommand explain) =>
        System.Text.Json.JsonDocument.Parse((string)(await explain.ExecuteScalarAsync())!).RootElement[0].GetProperty("Plan");
}
