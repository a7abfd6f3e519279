using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// The bookmarks of one queue. A full look is taken whenever it costs little, otherwise when the last one is older than fifty times the time it took,
/// though never longer ago than five minutes; half a minute when claims have found nothing for that long, since then it keeps few from a task.
/// </summary>
/// <param name="gate">The lock of its namespace, which whoever calls has taken.</param>
internal sealed class QueueBookmarks(TimeProvider clock, Lock gate)
{
    /// <summary>How long a priority that nothing is claimed of, or a queue that nobody asks for, is remembered at least.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan CheapLook = TimeSpan.FromMilliseconds(5);

    // Claims of a queue wait for its full look, which under a held snapshot takes longer from minute to minute: a bound that is soon reached would
    // have a busy worker do nothing else in the end.
    private static readonly TimeSpan LongestBetweenLooks = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestBetweenLooksOfIdle = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestInVain = TimeSpan.FromSeconds(1);
    private const int LookShare = 50;
    private const int HeardShare = 4;

    private readonly SortedDictionary<int, Mark> _marks = [];
    private readonly List<ClaimLook> _open = [];
    private long _askedAt;
    private long? _lastLook;
    private TimeSpan _lookTook;
    private long? _claimedAt;

    // Whether a task came in through another process since the last look.
    private bool _isHeard;

    // Whether the last full look claimed nothing.
    private bool _inVain;

    public Lock Gate => gate;

    /// <summary>Nobody has asked for it lately.</summary>
    public bool IsIdle => _open.Count == 0 && clock.GetElapsedTime(_askedAt) > Memory;

    /// <inheritdoc cref="ClaimBookmarks.Begin(string, IReadOnlyList{string})"/>
    /// <param name="isOfSomeNames">Whether only tasks of some names are wanted.</param>
    public ClaimLook? Begin(bool isOfSomeNames)
    {
        var now = _askedAt = clock.GetTimestamp();
        var isBusy = _claimedAt is { } claimed && clock.GetElapsedTime(claimed, now) < LongestBetweenLooksOfIdle;
        var pause =
            _lookTook <= CheapLook ? TimeSpan.Zero : Least(LookShare * _lookTook, isBusy ? LongestBetweenLooks : LongestBetweenLooksOfIdle);
        if (_lastLook is not { } last || clock.GetElapsedTime(last, now) >= pause)
        {
            _lastLook = now;
            _isHeard = false;
            return Open(new ClaimLook(this, now, [], []));
        }

        // After word from another process sooner: it may be one of the names. The looks in vain still take a fifth of the time at most.
        var inVain = Least(_isHeard ? HeardShare * _lookTook : pause, LongestInVain);
        if (_inVain && isOfSomeNames && clock.GetElapsedTime(last, now) < inVain)
            return null;

        _isHeard = false;

        foreach (var forgotten in _marks.Where(mark => clock.GetElapsedTime(mark.Value.At, now) > Memory).ToList())
            _marks.Remove(forgotten.Key);

        // Without bookmarks it is a full look all the same.
        if (_marks.Count == 0)
            _lastLook = now;

        return Open(new ClaimLook(this, now, [.. _marks.Keys], [.. _marks.Values.Select(mark => mark.Eta)]));
    }

    /// <inheritdoc cref="ClaimLook.End"/>
    public void End(ClaimLook look, IReadOnlyList<EventixTask> claimed, int looks)
    {
        var now = clock.GetTimestamp();
        if (claimed.Count > 0)
            _claimedAt = now;

        if (look.IsFull)
        {
            _lookTook = clock.GetElapsedTime(look.Began, now);
            _inVain = claimed.Count == 0 && !look.HasArrivals && _lookTook > looks * CheapLook;
        }

        foreach (var task in claimed)
            _marks[task.Priority] = new Mark(look.EarliestOf(task.Priority, task.Eta), now);
    }

    /// <inheritdoc cref="ClaimLook.NotReached"/>
    public void NotReached(ClaimLook look)
    {
        if (look.IsFull && _lastLook == look.Began)
            _lastLook = null;
    }

    /// <inheritdoc cref="ClaimBookmarks.Waits(EventixTask)"/>
    public void Waits(int priority, DateTimeOffset eta)
    {
        _inVain = false;
        if (_marks.TryGetValue(priority, out var mark) && mark.Eta > eta)
            _marks[priority] = mark with { Eta = eta };

        foreach (var look in _open)
            look.Waits(priority, eta);
    }

    /// <inheritdoc cref="ClaimBookmarks.Hears"/>
    public void Hears() => _isHeard = true;

    public void Close(ClaimLook look) => _open.Remove(look);

    private ClaimLook Open(ClaimLook look)
    {
        _open.Add(look);
        return look;
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private readonly record struct Mark(DateTimeOffset Eta, long At);
}
