namespace Eventix.Infrastructure.Operations;

/// <summary>
/// Which transaction ids had been given out when, as far as this process has looked. PostgreSQL does not keep it, and without it nobody could say
/// for how long a snapshot, a standby or a slot has been where it is.
/// </summary>
internal sealed class TransactionTimes
{
    private const int Most = 1024;
    private const int Precision = 32;
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly List<(DateTimeOffset At, long Next)> _seen = [];

    /// <param name="at">By the clock of PostgreSQL.</param>
    /// <param name="next">The id that was to be given out next, with its epoch.</param>
    public void Add(DateTimeOffset at, long next)
    {
        lock (_lock)
        {
            if (_seen is [.., var last])
            {
                // Two looks at the same time come in any order. Later than that, ids go back when a backup has taken the place of the data.
                if (next < last.Next && at - last.At >= Apart)
                    _seen.Clear();
                else if (at <= last.At || next < last.Next)
                    return;
            }

            // However many ask: the newest is kept, and those before it are a second apart.
            if (_seen is [.., var second, var newest] && newest.At - second.At < Apart)
                _seen.RemoveAt(_seen.Count - 1);
            _seen.Add((at, next));

            if (_seen.Count > Most)
                Thin();
        }
    }

    /// <summary>The id that was to be given out next at that time or before; null when nobody looked so long ago.</summary>
    public long? NextAt(DateTimeOffset time)
    {
        lock (_lock)
        {
            var index = _seen.FindLastIndex(seen => seen.At <= time);
            return index < 0 ? null : _seen[index].Next;
        }
    }

    /// <summary>When it was first seen that the id had been given out; null when it has not been.</summary>
    public DateTimeOffset? FirstBeyond(long id)
    {
        lock (_lock)
        {
            var index = _seen.FindIndex(seen => seen.Next > id);
            return index < 0 ? null : _seen[index].At;
        }
    }

    // The longer ago, the farther apart: the gap that one leaves is small beside its age. The first and the last stay.
    private void Thin()
    {
        for (var index = _seen.Count - 2; index > 0; index--)
        {
            var gap = _seen[index + 1].At - _seen[index - 1].At;
            if (gap * Precision <= _seen[^1].At - _seen[index + 1].At)
                _seen.RemoveAt(index);
        }
    }
}
