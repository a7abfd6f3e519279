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
    public async Task Every_peer_drains_the_same_queue()
    {
        Assert.SkipUnless(PeerPrograms.AreInstalled, "Needs `npm ci` in tests/Eventix.Benchmarks/Peers, as build/bench does it.");

        foreach (var peer in PeerDrains.All(fixture.Server, BenchServerFixture.Tiny with { Tasks = 100 }))
            (await peer.RunAsync()).Should().BePositive(peer.Name);
    }
}
