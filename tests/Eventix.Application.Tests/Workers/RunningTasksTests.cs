using Eventix.Application.Workers;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Tests.Workers;

public sealed class RunningTasksTests
{
    private readonly RunningTasks _running = new();

    private RunningTask Begin() => _running.Begin(new EventixTask { Uid = "a", Task = "t" });

    [Fact]
    public async Task A_run_that_is_dropped_hears_of_it_when_it_can_no_longer_say_what_becomes_of_its_task()
    {
        var run = Begin();
        var ended = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        run.Token.Register(() => ended.SetResult(_running.End(run.Task)));

        _running.Drop(run.Task, StopReason.LeaseLost).Should().BeTrue();

        (await ended.Task.WaitAsync(TimeSpan.FromSeconds(30))).Should().BeFalse();
        run.StopReason.Should().Be(StopReason.LeaseLost);
    }

    [Fact]
    public void A_run_that_has_ended_is_not_dropped_any_more()
    {
        var run = Begin();
        _running.End(run.Task);

        _running.Drop(run.Task, StopReason.LeaseLost).Should().BeFalse();

        run.StopReason.Should().BeNull();
    }
}
