using System.Collections.Concurrent;
using System.Diagnostics;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// Where this process may start to look for due tasks: for each queue and priority the eta of the last task claimed there. Below it lie only
/// index entries of tasks that were claimed already, which vacuum has yet to remove; under a transaction that holds vacuum back there can be
/// hundreds of thousands, and every claim would step over all of them.
/// </summary>
/// <remarks>
/// A bookmark is a hint. What it hides (a backdated eta, a post that committed late, a claimer that rolled back) is found by the next full
/// look, the same statement without bookmarks. A full look is taken whenever it costs little, otherwise when the last one is older than fifty
/// times the time it took, though never longer ago than half a minute.
/// </remarks>
internal sealed class ClaimBookmarks(TimeProvider clock)
{
    private static readonly TimeSpan CheapLook = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LaneMemory = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestBetweenLooks = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestInVain = TimeSpan.FromSeconds(1);
    private const int LookShare = 50;
    private const int HeardShare = 4;
    private const int MostQueues = 1000;

    private readonly ConcurrentDictionary<ClaimQueueKey, Lanes> _queues = new();

    /// <summary>
    /// The bookmarks to claim with, ascending by priority; empty for a full look. Null when a claim is not worth its cost: only some task names
    /// are wanted, and the last full look stepped over many others in vain a moment ago.
    /// </summary>
    public Look? Begin(string @namespace, IReadOnlyList<string>? taskNames)
    {
        Forget();
        return BeginAt(@namespace, taskNames);
    }

    /// <summary>The same for each of several namespaces, in their order, for one statement.</summary>
    public Look?[] Begin(IReadOnlyList<NamespaceLimit> namespaces, IReadOnlyList<string>? taskNames)
    {
        Forget();
        return [.. namespaces.Select(one => BeginAt(one.Namespace, taskNames))];
    }

    private Look? BeginAt(string @namespace, IReadOnlyList<string>? taskNames)
    {
        var lanes = _queues.GetOrAdd(new ClaimQueueKey(@namespace, taskNames), static _ => new Lanes());

        lock (lanes)
        {
            var now = clock.GetTimestamp();
            var pause = lanes.LookTook <= CheapLook ? TimeSpan.Zero : Least(LookShare * lanes.LookTook, LongestBetweenLooks);
            if (lanes.LastLook is not { } last || clock.GetElapsedTime(last, now) >= pause)
            {
                lanes.LastLook = now;
                lanes.IsHeard = false;
                return new Look(lanes, now, lanes.Arrivals, [], []);
            }

            // After word from another process sooner: it may be one of the names. The looks in vain still take a fifth of the time at most.
            var inVain = Least(lanes.IsHeard ? HeardShare * lanes.LookTook : pause, LongestInVain);
            if (lanes.InVain && taskNames is not null && clock.GetElapsedTime(last, now) < inVain)
                return null;

            lanes.IsHeard = false;

            foreach (var forgotten in lanes.Marks.Where(mark => clock.GetElapsedTime(mark.Value.At, now) > LaneMemory).ToList())
                lanes.Marks.Remove(forgotten.Key);

            // Without bookmarks it is a full look all the same.
            if (lanes.Marks.Count == 0)
                lanes.LastLook = now;

            return new Look(lanes, now, lanes.Arrivals, [.. lanes.Marks.Keys], [.. lanes.Marks.Values.Select(mark => mark.Eta)]);
        }
    }

    /// <summary>Moves the bookmarks to what was claimed, and keeps how long a full look took.</summary>
    /// <param name="looks">
    /// How many shared the statement. Which of them took its time is not known: each full one is as rare as if all of it was its own, but only one whose
    /// part of it is dear is taken for a look in vain.
    /// </param>
    public void End(Look look, IReadOnlyList<EventixTask> claimed, int looks = 1)
    {
        lock (look.Lanes)
        {
            var now = clock.GetTimestamp();
            if (look.IsFull)
            {
                look.Lanes.LookTook = clock.GetElapsedTime(look.Began, now);

                // What came in while it looked may have come too late for it.
                look.Lanes.InVain = claimed.Count == 0 && look.Lanes.Arrivals == look.Arrivals && look.Lanes.LookTook > looks * CheapLook;
            }

            foreach (var task in claimed)
                look.Lanes.Marks[task.Priority] = new Mark(task.Eta, now);
        }
    }

    /// <summary>The statement had all its tasks before it came to this queue: a full look is still to be taken.</summary>
    public static void NotReached(Look look)
    {
        lock (look.Lanes)
        {
            if (look.IsFull && look.Lanes.LastLook == look.Began)
                look.Lanes.LastLook = null;
        }
    }

    /// <summary>Tells that a task waits (again), so that no bookmark of this process hides it.</summary>
    public void Waits(EventixTask task)
    {
        if (task.Status.IsWaiting())
            Waits(task.Namespace, task.Priority, task.Eta);
    }

    /// <inheritdoc cref="Waits(EventixTask)"/>
    public void Waits(string @namespace, int priority, DateTimeOffset eta)
    {
        foreach (var (queue, lanes) in _queues)
        {
            if (queue.Namespace != @namespace)
                continue;

            lock (lanes)
            {
                lanes.InVain = false;
                lanes.Arrivals++;
                if (lanes.Marks.TryGetValue(priority, out var mark) && mark.Eta > eta)
                    lanes.Marks[priority] = mark with { Eta = eta };
            }
        }
    }

    /// <summary>Tells that some task came in through another process. Which one is not known, so bookmarks stay where they are.</summary>
    public void Hears(string @namespace)
    {
        foreach (var (queue, lanes) in _queues)
        {
            if (queue.Namespace != @namespace)
                continue;

            lock (lanes)
                lanes.IsHeard = true;
        }
    }

    /// <summary>Clients may ask for any namespace: queues that nobody has asked for lately are dropped when there are many.</summary>
    private void Forget()
    {
        if (_queues.Count < MostQueues)
            return;

        foreach (var (queue, lanes) in _queues)
        {
            lock (lanes)
            {
                if (lanes.LastLook is { } last && clock.GetElapsedTime(last) > LaneMemory)
                    _queues.TryRemove(queue, out _);
            }
        }
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>One claim's view of the bookmarks, between <see cref="Begin"/> and <see cref="End"/>.</summary>
    internal sealed record Look(Lanes Lanes, long Began, long Arrivals, long[] Priorities, DateTimeOffset[] Etas)
    {
        public bool IsFull => Priorities.Length == 0;
    }

    internal sealed class Lanes
    {
        public SortedDictionary<int, Mark> Marks { get; } = [];

        public long? LastLook { get; set; }

        public TimeSpan LookTook { get; set; }

        /// <summary>How often a task was told to wait here.</summary>
        public long Arrivals { get; set; }

        /// <summary>Whether a task came in through another process since the last look.</summary>
        public bool IsHeard { get; set; }

        /// <summary>Whether the last full look claimed nothing.</summary>
        public bool InVain { get; set; }
    }

    internal readonly record struct Mark(DateTimeOffset Eta, long At);
}
