using System.Net;
using System.Text;
using Eventix.Benchmarks.Http;
using Eventix.Benchmarks.Servers;

namespace Eventix.Benchmarks.Tests.Http;

public sealed class HttpLoadTests(BenchServerFixture fixture)
{
    [Fact]
    public async Task Four_connections_post_claim_and_write_back_and_every_task_is_done()
    {
        const int Tasks = 200;
        await using var database = await fixture.Server.CreateDatabaseAsync();
        await using var api = await ApiProcess.StartAsync(database);

        var posted = await HttpRuns.PostAsync(api, Tasks, "default", connections: 4);
        var next = TaskRequests.Next();
        var cycled = await HttpLoad.RunAsync(api.Port, 4, Tasks, async (connection, _) => await TaskRequests.CycleAsync(connection, next));

        await DueTasks.CheckDoneAsync(database, Tasks);
        posted.PerSecond.Should().BePositive();
        cycled.Tail.Should().BeGreaterThanOrEqualTo(cycled.Median);
        api.ResidentMegabytes().Should().BeInRange(10, 2000);
    }

    [Fact]
    public async Task Batches_are_posted_claimed_and_written_back_whole()
    {
        await using var database = await fixture.Server.CreateDatabaseAsync();
        await using var api = await ApiProcess.StartAsync(database);
        using var connection = await HttpConnection.OpenAsync(api.Port);

        var posted = TaskRequests.CountStored(await connection.SendAsync(TaskRequests.PostMany(20)));
        var written = await TaskRequests.CycleManyAsync(connection, TaskRequests.ClaimMany(20));

        (posted, written).Should().Be((20, 20));
        await DueTasks.CheckDoneAsync(database, 20);
    }

    [Fact]
    public void An_answer_that_nobody_expects_ends_the_run()
    {
        var refused = new HttpAnswer((int)HttpStatusCode.Conflict, Encoding.UTF8.GetBytes("""{"error_class":"AlreadyExists"}"""));

        refused
            .Invoking(answer => answer.Expect(HttpStatusCode.OK))
            .Should()
            .Throw<InvalidDataException>()
            .WithMessage("409*AlreadyExists*");
    }

    [Fact]
    public void An_item_of_a_batch_that_was_refused_ends_the_run()
    {
        var answer = new HttpAnswer(
            (int)HttpStatusCode.OK,
            Encoding.UTF8.GetBytes("""[{"status":200,"task":{}},{"status":409,"error":{}}]""")
        );

        answer.Invoking(one => TaskRequests.CountStored(one)).Should().Throw<InvalidDataException>().WithMessage("1 of 2*");
    }
}
