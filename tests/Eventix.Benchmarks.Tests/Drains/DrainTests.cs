using Eventix.Benchmarks.Drains;
using Eventix.Benchmarks.Servers;

namespace Eventix.Benchmarks.Tests.Drains;

public sealed class DrainTests(BenchServerFixture fixture)
{
    [Fact]
    public async Task Our_worker_drains_a_queue_and_is_told_apart_from_its_start()
    {
        var commits = new List<double>();

        var rate = await DrainRuns.DrainAsync(fixture.Server, tasks: 500, namespaces: 0, commits);

        rate.Should().BePositive();
        commits.Should().ContainSingle().Which.Should().BeInRange(0.001, 1);
    }

    [Fact]
    public async Task A_task_without_its_result_is_found()
    {
        await using var database = await fixture.Server.CreateDatabaseAsync();
        await DueTasks.FillFinishedAsync(database, 3);
        await database.ExecuteAsync("UPDATE eventix_task SET result = NULL WHERE id = 2");

        var check = () => DueTasks.CheckDoneAsync(database, 3);

        await check.Should().ThrowAsync<InvalidOperationException>().WithMessage("2 tasks are done*not 3.");
    }

    [Fact]
    public async Task Every_peer_that_is_installed_drains_the_same_queue()
    {
        foreach (var peer in PeerDrains.All(fixture.Server, BenchServerFixture.Tiny with { Tasks = 100 }))
            (await peer.RunAsync()).Should().BePositive(peer.Name);
    }

    [Fact]
    public async Task A_peer_that_needs_too_long_is_broken_off_and_says_how_far_it_came()
    {
        var scale = BenchServerFixture.Tiny with { Tasks = 50_000, PeerPatience = TimeSpan.FromSeconds(12) };
        var hangfire = PeerDrains.All(fixture.Server, scale).Last();

        var rate = await hangfire.RunAsync();

        rate.Should().BePositive();
        hangfire.Aside!().Should().Contain("**not finished**").And.Contain("of 50,000 done after 12 s");
    }
}
