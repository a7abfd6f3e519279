using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Tests.Tasks;
using Eventix.Testing.Workers;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Infrastructure.Tests.Workers;

public sealed class QueueDrainTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    private QueueDrain Drain() => new(eventix, services => services.AddSingleton<Journal>().AddTasks(typeof(QueueDrainTests).Assembly));

    [Fact]
    public async Task Children_retries_and_tasks_of_the_future_all_run()
    {
        await using var queue = Drain();
        var first = await queue.PostAsync(new Row(3), priority: -7, eta: DateTimeOffset.UtcNow.AddDays(365), @namespace: "row");

        var runs = await queue.DrainAsync("row");

        runs.Select(run => (run.Claimed.Attempt, run.Status))
            .Should()
            .Equal(
                (1, EventixTaskStatus.Retry),
                (2, EventixTaskStatus.Done),
                (1, EventixTaskStatus.Retry),
                (2, EventixTaskStatus.Done),
                (1, EventixTaskStatus.Retry),
                (2, EventixTaskStatus.Done)
            );
        runs.Select(run => run.Claimed.Priority).Should().AllBeEquivalentTo(-7, "children take over the priority of their parent");
        (await eventix.Get(first.Uid)).Status.Should().Be(EventixTaskStatus.Done);
        (await queue.DrainAsync("row")).Should().BeEmpty();
    }

    [Fact]
    public async Task Tasks_run_in_the_order_of_the_queue()
    {
        await using var queue = Drain();
        foreach (var (name, priority) in new[] { ("third", 5), ("first", -5), ("second", 0) })
            await queue.PostAsync(new Failing(name), priority, @namespace: "order");

        var runs = await queue.DrainAsync("order");

        runs.Select(run => run.Error!.Message).Should().Equal("first", "first", "second", "second", "third", "third");
    }

    [Fact]
    public async Task A_queue_without_an_end_ends_with_an_exception_that_says_what_ran()
    {
        await using var queue = Drain();
        var task = await queue.PostAsync(new Hopeless(), @namespace: "hopeless");

        await FluentActions
            .Awaiting(() => queue.DrainAsync("hopeless", mostRuns: 10))
            .Should()
            .ThrowAsync<InvalidOperationException>()
            .WithMessage("*'hopeless' is not empty after 10 runs*test.hopeless*attempt 10: retry, InvalidOperationException: never");
        (await eventix.Get(task.Uid)).Should().BeEquivalentTo(new { Status = EventixTaskStatus.Scheduled, Attempt = 10 });
    }
}
