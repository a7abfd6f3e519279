using System.Diagnostics;
using System.Text.Json;
using Eventix.Testing;
using Npgsql;

namespace Eventix.Worker.Tests.Faults;

/// <summary>Real workers on a real PostgreSQL that are killed, stopped, stalled and cut off. A tenth of the tasks, or all with EVENTIX_LONG_TESTS=1.</summary>
public sealed class FaultTests(FaultyFixture faulty) : IClassFixture<FaultyFixture>
{
    private const int Seed = 20261122;

    private static readonly int Count = FaultyFixture.IsLong ? 2000 : 200;

    [Fact]
    public async Task A_worker_that_is_killed_again_and_again_in_the_middle_of_its_work_leaves_no_task_behind()
    {
        await faulty.InsertEffectsAsync("killed", Count, milliseconds: 40);
        var random = new Random(Seed);

        for (var kill = 1; kill <= 3; kill++)
        {
            await using var worker = faulty.Start("killed");
            await faulty.UntilEffectsAsync("killed", "ended", Count * kill / 5 + random.Next(Count / 10));
        }

        (await faulty.Tasks.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'killed' AND status = 'processing'"))
            .Should()
            .BePositive("it was killed in the middle of its work");
        await using var last = faulty.Start("killed");

        await faulty.UntilStatusAsync("killed", "done", Count);
        (await faulty.Ledger.ScalarAsync<long>("SELECT count(DISTINCT uid) FROM ledger WHERE uid LIKE 'killed-%' AND effect = 'ended'"))
            .Should()
            .Be(Count, "each task has had its effect");
        await faulty.VerifyOutcomesAsync("killed");
    }

    [Fact]
    public async Task A_worker_that_is_told_to_end_under_load_ends_in_its_grace_period_and_leaves_nothing_leased()
    {
        await faulty.InsertEffectsAsync("stopped", Count, milliseconds: 100);
        await using var worker = faulty.Start("stopped", more: ("EVENTIX_WORKER_GRACE_SECONDS", "10"));
        await faulty.UntilEffectsAsync("stopped", "ended", 20);

        var asked = Stopwatch.StartNew();
        worker.Stop();

        (await worker.WaitForExitAsync(FaultyFixture.Patience)).Should().Be(0);
        asked.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(10));
        (
            await faulty.Tasks.ScalarAsync<string>(
                """
                SELECT string_agg(DISTINCT status || ' ' || (worker_id IS NOT NULL) || ' ' || (worker_expires IS NOT NULL) || ' ' || attempt, ',' )
                FROM eventix_task WHERE namespace = 'stopped'
                """
            )
        ).Should().Be("done true false 1,scheduled false false 0");
        await faulty.VerifyOutcomesAsync("stopped");
    }

    [Fact]
    public async Task A_worker_that_stood_still_for_two_leases_changes_nothing_and_its_handlers_are_told()
    {
        await faulty.Tasks.ExecuteAsync(
            "INSERT INTO eventix_task (uid, task, namespace) SELECT 'stalled-' || n, 'test.stall', 'stalled' FROM generate_series(1, 6) n"
        );
        await using var stalled = faulty.Start("stalled");
        await faulty.UntilEffectsAsync("stalled", "began", 6);

        stalled.Pause();
        await using var other = faulty.Start("stalled");
        await faulty.UntilStatusAsync("stalled", "done", 6);
        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken); // the two leases are over in any case
        const string Rows = "SELECT string_agg(t::text, chr(10) ORDER BY uid) FROM eventix_task t WHERE namespace = 'stalled'";
        var before = await faulty.Tasks.ScalarAsync<string>(Rows);

        stalled.Resume();
        await faulty.UntilEffectsAsync("stalled", "stopped: LeaseLost", 6);
        stalled.Stop();
        (await stalled.WaitForExitAsync(FaultyFixture.Patience)).Should().Be(0);

        (await faulty.Tasks.ScalarAsync<string>(Rows)).Should().Be(before);
        (await faulty.Tasks.ScalarAsync<long>("SELECT count(*) FROM accepted WHERE uid LIKE 'stalled-%' AND attempt = 1")).Should().Be(0);
        (await faulty.Tasks.ScalarAsync<long>("SELECT count(*) FROM accepted WHERE uid LIKE 'stalled-%'")).Should().Be(6);
    }

    [Fact]
    public async Task A_worker_goes_on_by_itself_when_PostgreSQL_comes_back_from_a_crash_under_load()
    {
        Assert.SkipUnless(PostgresCluster.IsAvailable, "Needs PostgreSQL programs.");
        await using var cluster = await PostgresCluster.StartAsync(durable: true, TestContext.Current.CancellationToken);
        await using var worker = faulty.Start("restarted", cluster.ConnectionString, ("EVENTIX_WORKER_LEASE_SECONDS", "10"));
        await worker.WaitForLineAsync("Application started", FaultyFixture.Patience);
        await using var tasks = NpgsqlDataSource.Create(cluster.ConnectionString + ";Pooling=false");
        await using (var insert = tasks.CreateCommand(FaultyFixture.Effects("restarted", Count, milliseconds: 40)))
            await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await faulty.UntilEffectsAsync("restarted", "ended", Count / 4);

        await cluster.KillAsync(TestContext.Current.CancellationToken);
        await cluster.RestartAsync(TestContext.Current.CancellationToken);

        await FaultyFixture.UntilAsync(
            async () =>
            {
                await using var count = tasks.CreateCommand("SELECT count(*) FROM eventix_task WHERE status = 'done'");
                return (long)(await count.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
            },
            Count,
            "everything is done"
        );
    }

    [Fact]
    public async Task A_task_that_kills_every_process_that_runs_it_is_set_aside_and_harms_no_other()
    {
        await faulty.InsertEffectsAsync("poison", 60, milliseconds: 200);
        await faulty.Tasks.ExecuteAsync(
            "INSERT INTO eventix_task (uid, task, namespace, priority) VALUES ('poison', 'test.crash', 'poison', -1)"
        );

        var deaths = 0;
        while (await PoisonAsync("status") != "error")
        {
            await using var worker = faulty.Start("poison", more: ("EVENTIX_MAX_LOST_LEASES", "3"));
            await FaultyFixture.UntilAsync(
                async () => worker.HasExited || await PoisonAsync("status") == "error" ? 1 : 0,
                1,
                "the worker dies, or its death is not asked for any more"
            );

            if (worker.HasExited)
                deaths++;
            else
                await faulty.UntilStatusAsync("poison", "done", 60);
        }

        deaths.Should().Be(3);
        JsonDocument
            .Parse(await PoisonAsync("result::text"))
            .RootElement.GetProperty("error_class")
            .GetString()
            .Should()
            .Be("TooManyLostLeases");
        await faulty.VerifyOutcomesAsync("poison");
    }

    private Task<string> PoisonAsync(string column) =>
        faulty.Tasks.ScalarAsync<string>($"SELECT {column} FROM eventix_task WHERE uid = 'poison'");
}
