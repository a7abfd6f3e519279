using Eventix.Application.Workers;
using MediatR;

namespace Eventix.TestHost;

/// <summary>
/// In its first attempt it runs until its token fires, notes why, and then ends as if nothing had happened; in any later one it ends at once.
/// </summary>
[EventixTask("test.stall")]
public sealed record Stall : IEventixTask<int>;

internal sealed class StallHandler(Ledger ledger, ITaskContext task) : IRequestHandler<Stall, int>
{
    public async Task<int> Handle(Stall message, CancellationToken cancellationToken)
    {
        await ledger.NoteAsync(task.Uid, task.Attempt, "began");
        if (task.Attempt > 1)
            return task.Attempt;

        var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(fired.SetResult);
        await fired.Task;
        await ledger.NoteAsync(task.Uid, task.Attempt, $"stopped: {task.StopReason}");

        return task.Attempt;
    }
}
