using System.Collections.Concurrent;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Workers;

/// <summary>The tasks that run on this host right now, each with the means to stop it.</summary>
internal sealed class RunningTasks
{
    private readonly ConcurrentDictionary<EventixTask, CancellationTokenSource> _running = new(ReferenceEqualityComparer.Instance);

    public IReadOnlyList<EventixTask> Snapshot() => [.. _running.Keys];

    public CancellationToken Begin(EventixTask task) => (_running[task] = new CancellationTokenSource()).Token;

    /// <summary>Returns false when somebody else has ended it before.</summary>
    public bool End(EventixTask task) => _running.TryRemove(task, out _);

    /// <summary>Asks the task's handler to stop.</summary>
    public void Cancel(EventixTask task)
    {
        // Not waited for: what a handler has registered with its token may block or throw, which is no concern of the others.
        if (_running.TryGetValue(task, out var source))
            _ = source.CancelAsync().ContinueWith(static done => _ = done.Exception, TaskScheduler.Default);
    }
}
