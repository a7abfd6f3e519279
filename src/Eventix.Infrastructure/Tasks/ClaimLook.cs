using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// One claim's view of the bookmarks of a queue, open from <see cref="ClaimBookmarks.Begin(string, IReadOnlyList{string})"/> until it is disposed of. What
/// comes in meanwhile may be too late for the claim's statement, and must not be hidden by what that one claims.
/// </summary>
/// <param name="priorities">Ascending; empty for a full look.</param>
/// <param name="etas">The bookmark of each of them.</param>
internal sealed class ClaimLook(QueueBookmarks queue, long began, long[] priorities, DateTimeOffset[] etas) : IDisposable
{
    // The earliest of each priority. Under the gate of the queue, as all that changes here.
    private Dictionary<int, DateTimeOffset>? _arrived;

    public long Began => began;

    public long[] Priorities => priorities;

    public DateTimeOffset[] Etas => etas;

    public bool IsFull => priorities.Length == 0;

    public bool HasArrivals => _arrived is not null;

    public void Waits(int priority, DateTimeOffset eta)
    {
        _arrived ??= [];
        _arrived[priority] = EarliestOf(priority, eta);
    }

    /// <summary>The eta, or that of a task that came in before it while the look was open.</summary>
    public DateTimeOffset EarliestOf(int priority, DateTimeOffset eta) =>
        _arrived is not null && _arrived.TryGetValue(priority, out var arrived) && arrived < eta ? arrived : eta;

    /// <summary>Moves the bookmarks to what was claimed, and keeps how long a full look took.</summary>
    /// <param name="looks">
    /// How many shared the statement. Which of them took its time is not known: each full one is as rare as if all of it was its own, but only one whose
    /// part of it is dear is taken for a look in vain.
    /// </param>
    public void End(IReadOnlyList<EventixTask> claimed, int looks = 1)
    {
        lock (queue.Gate)
            queue.End(this, claimed, looks);
    }

    /// <summary>The statement had all its tasks before it came to this queue: a full look is still to be taken.</summary>
    public void NotReached()
    {
        lock (queue.Gate)
            queue.NotReached(this);
    }

    public void Dispose()
    {
        lock (queue.Gate)
            queue.Close(this);
    }
}
