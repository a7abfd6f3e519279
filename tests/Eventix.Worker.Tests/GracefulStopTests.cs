using Eventix.Testing;

namespace Eventix.Worker.Tests;

public sealed class GracefulStopTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_worker_that_is_told_to_end_lets_its_task_run_out_and_writes_it_back()
    {
        await database.ExecuteAsync("INSERT INTO eventix_task (uid, task, kwargs) VALUES ('long', 'sleep', '{\"seconds\": 2}')");
        await using var worker = HostProcess.Start("Eventix.Worker", [], [("DATABASE_URL", database.Url)]);
        using var deadline = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await database.ScalarAsync<string>("SELECT status FROM eventix_task WHERE uid = 'long'") != "processing")
            await timer.WaitForNextTickAsync(deadline.Token);

        worker.Stop();

        (await worker.WaitForExitAsync(Patience)).Should().Be(0);
        (await database.ScalarAsync<string>("SELECT status || attempt FROM eventix_task WHERE uid = 'long'")).Should().Be("done1");
    }

    [Fact]
    public async Task The_grace_period_is_the_one_that_was_set()
    {
        await database.ExecuteAsync(
            "INSERT INTO eventix_task (uid, task, namespace, kwargs) VALUES ('longer', 'sleep', 'grace', '{\"seconds\": 3600}')"
        );
        await using var worker = HostProcess.Start(
            "Eventix.Worker",
            [],
            [("DATABASE_URL", database.Url), ("EVENTIX_NAMESPACE", "grace"), ("EVENTIX_WORKER_GRACE_SECONDS", "1")]
        );
        using var deadline = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await database.ScalarAsync<string>("SELECT status FROM eventix_task WHERE uid = 'longer'") != "processing")
            await timer.WaitForNextTickAsync(deadline.Token);

        worker.Stop();

        (await worker.WaitForExitAsync(TimeSpan.FromSeconds(30))).Should().Be(0);
        (await database.ScalarAsync<string>("SELECT status || attempt FROM eventix_task WHERE uid = 'longer'")).Should().Be("scheduled0");
    }
}
