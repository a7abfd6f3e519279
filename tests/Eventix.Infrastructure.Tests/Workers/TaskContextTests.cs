using System.Diagnostics;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Tests.Tasks;
using FluentAssertions.Extensions;

namespace Eventix.Infrastructure.Tests.Workers;

public sealed class TaskContextTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    private Task<RunningWorker> Start(string @namespace) =>
        RunningWorker.StartAsync(eventix.ConnectionString, options => (options.Namespaces, options.Concurrency) = ([@namespace], 2));

    private async Task<EventixTask> Until(string uid, Func<EventixTask, bool> condition)
    {
        var since = Stopwatch.StartNew();
        while (true)
        {
            var task = await eventix.Get(uid);
            if (condition(task))
                return task;
            if (since.Elapsed > 30.Seconds())
                throw new TimeoutException($"Task {uid} is {task.Status}, with progress {task.Progress} {task.ProgressMessage}.");
            await Task.Delay(10);
        }
    }

    [Fact]
    public async Task A_running_task_shows_how_far_it_is_and_keeps_the_last_report()
    {
        await using var worker = await Start("reporting");
        var posted = await worker.With(scheduler => scheduler.DelayAsync(new Reporting()));

        var running = await Until(posted.Uid, task => task.ProgressMessage == "40000\uFFFD");
        running
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = EventixTaskStatus.Processing,
                    Progress = (short)40,
                    RevisionCounter = 2L,
                }
            );

        worker.Journal.Gate.SetResult();
        var done = await Until(posted.Uid, task => task.Status == EventixTaskStatus.Done);
        done.Should()
            .BeEquivalentTo(
                new
                {
                    Progress = (short)100,
                    ProgressMessage = (string?)null,
                    RevisionCounter = 3L,
                }
            );
    }

    [Fact]
    public async Task A_handler_that_does_not_heed_its_timeout_keeps_its_task_until_it_ends_and_has_failed_then()
    {
        await using var worker = await Start("overdue");
        var posted = await worker.With(scheduler => scheduler.DelayAsync(new Overdue()));

        while (worker.Journal.Ran.IsEmpty)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        worker.Journal.Ran.Should().Equal(nameof(StopReason.TimedOut));
        (await eventix.Get(posted.Uid)).Status.Should().Be(EventixTaskStatus.Processing);

        worker.Journal.Gate.SetResult();
        var ended = await Until(posted.Uid, task => task.Status == EventixTaskStatus.Error);
        System.Text.Encoding.UTF8.GetString(ended.Result!.Value.Span).Should().Contain("\"error_class\":\"TimeoutException\"");
    }
}
