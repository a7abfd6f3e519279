using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Workers;

/// <summary>
/// Everything that this host has claimed and is not done with: what lies here until a place is free, what runs, and what waits to be written back.
/// All of it needs its lease; the first two also take a place of their namespace and of their name.
/// </summary>
internal sealed class TasksInHand
{
    // By claim and not by uid: one whose lease was lost may have been claimed here again while its first run has not ended.
    private readonly ConcurrentDictionary<EventixTask, TaskInHand> _held = new(ReferenceEqualityComparer.Instance);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _byNamespace = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _byName = new(StringComparer.Ordinal);
    private int _count;
    private int _suspects;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether one of them is a <see cref="TaskInHand.IsSuspect"/> that has not ended.</summary>
    public bool HasSuspect => Volatile.Read(ref _suspects) > 0;

    public IEnumerable<TaskInHand> Snapshot() => _held.Values;

    public TaskInHand Add(TaskInHand task)
    {
        Interlocked.Increment(ref _count);
        if (task.IsSuspect)
            Interlocked.Increment(ref _suspects);

        lock (_lock)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_byNamespace, task.Task.Namespace, out _)++;
            CollectionsMarshal.GetValueRefOrAddDefault(_byName, task.Task.Task, out _)++;
        }

        return _held[task.Task] = task;
    }

    /// <summary>How many tasks of a namespace run, or are about to.</summary>
    public int InNamespace(string @namespace)
    {
        lock (_lock)
            return _byNamespace.GetValueOrDefault(@namespace);
    }

    /// <summary>How many tasks of a name run, or are about to.</summary>
    public int Named(string name)
    {
        lock (_lock)
            return _byName.GetValueOrDefault(name);
    }

    /// <summary>Its handler has returned, or will not be called: only its outcome is still to be written. Its places are free.</summary>
    public void End(TaskInHand task)
    {
        task.HasEnded = true;
        if (task.IsSuspect)
            Interlocked.Decrement(ref _suspects);

        lock (_lock)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_byNamespace, task.Task.Namespace, out _)--;
            CollectionsMarshal.GetValueRefOrAddDefault(_byName, task.Task.Task, out _)--;
        }
    }

    /// <summary>This host is done with it.</summary>
    public void Remove(EventixTask task)
    {
        if (_held.TryRemove(task, out _))
            Interlocked.Decrement(ref _count);
    }
}

/// <summary>A task that this host has claimed.</summary>
/// <param name="leasedAt">A moment, by this host's monotonic clock, before the claim was sent: its lease is not over earlier than it thinks.</param>
/// <param name="isSuspect">Whether it has lost so many leases that it must not share its host with another one of that kind.</param>
internal sealed class TaskInHand(EventixTask task, long leasedAt, bool isSuspect)
{
    private long _leasedAt = leasedAt;

    public EventixTask Task { get; } = task;

    public bool IsSuspect { get; } = isSuspect;

    /// <summary>When the request was sent that began its lease, or was the last to extend it.</summary>
    public long LeasedAt
    {
        get => Volatile.Read(ref _leasedAt);
        set => Volatile.Write(ref _leasedAt, value);
    }

    /// <summary>Whether its lease is over, as PostgreSQL says, or as this host must think since it has not heard from it.</summary>
    public volatile bool IsLost;

    /// <summary>Whether somebody asked for its end.</summary>
    public volatile bool IsCancelled;

    /// <summary>Whether only its outcome is still to be written.</summary>
    public volatile bool HasEnded;
}
