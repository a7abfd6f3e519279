using System.Collections.Concurrent;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Workers;

/// <summary>The tasks that run on this host right now, each with the means to stop it.</summary>
internal sealed class RunningTasks
{
    private readonly ConcurrentDictionary<EventixTask, RunningTask> _running = new(ReferenceEqualityComparer.Instance);

    public IReadOnlyList<EventixTask> Snapshot() => [.. _running.Keys];

    public RunningTask Begin(EventixTask task) => _running[task] = new RunningTask(task);

    /// <summary>Returns false when somebody else has ended it before.</summary>
    public bool End(EventixTask task) => _running.TryRemove(task, out _);

    /// <summary>
    /// Ends it for its run, and then asks the handler to stop: in this order, so that the run cannot say any more what becomes of the task. Returns
    /// false when somebody else has ended it before.
    /// </summary>
    public bool Drop(EventixTask task, StopReason reason)
    {
        if (!_running.TryRemove(task, out var run))
            return false;

        run.Stop(reason);
        return true;
    }

    /// <summary>Asks the task's handler to stop, and tells it why. The first reason stays.</summary>
    public void Cancel(EventixTask task, StopReason reason)
    {
        if (_running.TryGetValue(task, out var run))
            run.Stop(reason);
    }
}
