using Eventix.Testing;

namespace Eventix.Worker.Tests;

public sealed class GracefulStopTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_worker_that_is_told_to_end_lets_its_task_run_out_and_writes_it_back()
    {
        await using var worker = await StartOnALongTaskAsync("patient", seconds: 3, graceSeconds: 30);

        worker.Stop();

        (await worker.WaitForExitAsync(Patience)).Should().Be(0);
        (await StateAsync("patient")).Should().Be("done1");
    }

    [Fact]
    public async Task The_grace_period_is_the_one_that_was_set()
    {
        await using var worker = await StartOnALongTaskAsync("impatient", seconds: 3600, graceSeconds: 1);

        worker.Stop();

        (await worker.WaitForExitAsync(Patience)).Should().Be(0);
        (await StateAsync("impatient")).Should().Be("scheduled0");
    }

    /// <summary>Returns when the long task has begun: tasks are begun in order, and the one behind it has ended.</summary>
    private async Task<HostProcess> StartOnALongTaskAsync(string name, int seconds, int graceSeconds)
    {
        await database.ExecuteAsync(
            $$"""
            INSERT INTO eventix_task (uid, task, namespace, priority, kwargs) VALUES
                ('{{name}}', 'sleep', '{{name}}', 0, '{"seconds": {{seconds}}}'),
                ('{{name}} behind', 'noop', '{{name}}', 1, '{}')
            """
        );
        var worker = HostProcess.Start(
            "Eventix.Worker",
            [],
            [
                ("DATABASE_URL", database.Url),
                ("EVENTIX_NAMESPACE", name),
                ("EVENTIX_WORKER_CONCURRENCY", "2"),
                ("EVENTIX_WORKER_GRACE_SECONDS", $"{graceSeconds}"),
            ]
        );

        using var deadline = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await StateAsync($"{name} behind") != "done1")
            await timer.WaitForNextTickAsync(deadline.Token);

        return worker;
    }

    private Task<string> StateAsync(string uid) =>
        database.ScalarAsync<string>($"SELECT status || attempt FROM eventix_task WHERE uid = '{uid}'");
}
