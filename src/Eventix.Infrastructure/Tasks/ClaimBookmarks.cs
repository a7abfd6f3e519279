using System.Collections.Concurrent;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// Where this process may start to look for due tasks: for each queue and priority the eta of the last task claimed there. Below it lie only
/// index entries of tasks that were claimed already, which vacuum has yet to remove; under a transaction that holds vacuum back there can be
/// hundreds of thousands, and every claim would step over all of them.
/// </summary>
/// <remarks>
/// A bookmark is a hint. What it hides (a backdated eta, a post of another process that committed late, a claimer that rolled back) is found by the
/// next full look, the same statement without bookmarks. What came in through this process is never hidden: whoever stored it tells it, once it is
/// committed, to the queues of its namespace and to the looks that are open there; a look that begins later sees it.
/// </remarks>
internal sealed class ClaimBookmarks(TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, NamespaceQueues> _namespaces = new(StringComparer.Ordinal);
    private long _forgotAt = clock.GetTimestamp();

    /// <summary>
    /// The bookmarks to claim with, to be disposed of when the statement has ended, however it did. Null when a claim is not worth its cost: only some
    /// task names are wanted, and the last full look stepped over many others in vain a moment ago.
    /// </summary>
    public ClaimLook? Begin(string @namespace, IReadOnlyList<string>? taskNames)
    {
        ForgetIdle();
        return BeginAt(@namespace, taskNames);
    }

    /// <summary>The same for each of several namespaces, in their order, for one statement.</summary>
    public ClaimLook?[] Begin(IReadOnlyList<NamespaceLimit> namespaces, IReadOnlyList<string>? taskNames)
    {
        ForgetIdle();
        return [.. namespaces.Select(one => BeginAt(one.Namespace, taskNames))];
    }

    /// <summary>Tells that a stored task waits (again), so that no bookmark of this process hides it.</summary>
    public void Waits(EventixTask task)
    {
        if (task.Status.IsWaiting())
            Waits(task.Namespace, task.Priority, task.Eta);
    }

    /// <inheritdoc cref="Waits(EventixTask)"/>
    public void Waits(string @namespace, int priority, DateTimeOffset eta)
    {
        if (!_namespaces.TryGetValue(@namespace, out var queues))
            return;

        lock (queues.Gate)
        {
            foreach (var queue in queues.Queues)
                queue.Waits(priority, eta);
        }
    }

    /// <summary>Tells that some task came in through another process. Which one is not known, so bookmarks stay where they are.</summary>
    public void Hears(string @namespace)
    {
        if (!_namespaces.TryGetValue(@namespace, out var queues))
            return;

        lock (queues.Gate)
        {
            foreach (var queue in queues.Queues)
                queue.Hears();
        }
    }

    private ClaimLook? BeginAt(string @namespace, IReadOnlyList<string>? taskNames)
    {
        var key = new ClaimQueueKey(@namespace, taskNames);
        while (true)
        {
            var queues = _namespaces.GetOrAdd(@namespace, static _ => new NamespaceQueues());
            lock (queues.Gate)
            {
                // What was forgotten since it was looked up is told of nothing any more, and the next look-up finds another one.
                if (!queues.IsForgotten)
                    return queues.Of(key, clock).Begin(isOfSomeNames: taskNames is not null);
            }
        }
    }

    /// <summary>
    /// Clients may ask for any namespace and any names: queues that nobody has asked for lately are dropped. Whoever comes first after that time does it
    /// for all, so a claim does not pay for how many there are.
    /// </summary>
    private void ForgetIdle()
    {
        var last = Interlocked.Read(ref _forgotAt);
        if (
            clock.GetElapsedTime(last) <= QueueBookmarks.Memory
            || Interlocked.CompareExchange(ref _forgotAt, clock.GetTimestamp(), last) != last
        )
            return;

        foreach (var (@namespace, queues) in _namespaces)
        {
            lock (queues.Gate)
            {
                if (queues.ForgetIdle())
                    _namespaces.TryRemove(new(@namespace, queues));
            }
        }
    }

    /// <summary>Those of one namespace: for all of its tasks, and for each set of task names that somebody asks for. All of it under its gate.</summary>
    private sealed class NamespaceQueues
    {
        private readonly Dictionary<ClaimQueueKey, QueueBookmarks> _queues = [];

        public Lock Gate { get; } = new();

        public IEnumerable<QueueBookmarks> Queues => _queues.Values;

        public bool IsForgotten { get; private set; }

        public QueueBookmarks Of(ClaimQueueKey key, TimeProvider clock)
        {
            if (!_queues.TryGetValue(key, out var queue))
                _queues.Add(key, queue = new QueueBookmarks(clock, Gate));

            return queue;
        }

        /// <summary>Whether nothing is left.</summary>
        public bool ForgetIdle()
        {
            foreach (var (key, queue) in _queues)
            {
                if (queue.IsIdle)
                    _queues.Remove(key);
            }

            return IsForgotten = _queues.Count == 0;
        }
    }
}
