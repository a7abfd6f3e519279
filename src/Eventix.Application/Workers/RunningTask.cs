using System.Diagnostics.CodeAnalysis;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Workers;

/// <summary>One run of a claimed task, and the means to stop it.</summary>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "The source may be fired by another thread at any moment, and holds nothing but memory."
)]
internal sealed class RunningTask(EventixTask task)
{
    private const int Running = -1;

    private readonly CancellationTokenSource _stop = new();
    private int _reason = Running;

    public EventixTask Task { get; } = task;

    public CancellationToken Token => _stop.Token;

    /// <summary>Null while nobody has asked it to stop.</summary>
    public StopReason? StopReason => Volatile.Read(ref _reason) is var reason and not Running ? (StopReason)reason : null;

    /// <summary>Asks the handler to stop. Only the first reason counts: false when there was one already.</summary>
    public bool Stop(StopReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, (int)reason, Running) != Running)
            return false;

        // Not waited for: what a handler has registered with its token may block or throw, which is no concern of the others.
        _ = _stop.CancelAsync().ContinueWith(static done => _ = done.Exception, TaskScheduler.Default);
        return true;
    }
}
