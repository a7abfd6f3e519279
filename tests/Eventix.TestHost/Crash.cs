using System.Diagnostics;
using Eventix.Application.Workers;
using MediatR;

namespace Eventix.TestHost;

/// <summary>Kills its process, every time.</summary>
[EventixTask("test.crash")]
public sealed record Crash : IEventixTask<Unit>;

internal sealed class CrashHandler(Ledger ledger, ITaskContext task) : IRequestHandler<Crash, Unit>
{
    public async Task<Unit> Handle(Crash message, CancellationToken cancellationToken)
    {
        await ledger.NoteAsync(task.Uid, task.Attempt, "began");
        Process.GetCurrentProcess().Kill();
        await Task.Delay(Timeout.Infinite, CancellationToken.None);

        return Unit.Value;
    }
}
