using System.Diagnostics;

namespace Eventix.Benchmarks.Drains;

/// <summary>
/// Counts the calls of handlers. The clock starts when half of them have come, or <see cref="WarmUp"/> after the first one: a worker runs for
/// weeks, and what its process does in its first moments (compiling, connecting) is not its rate.
/// </summary>
internal sealed class Handled(long expected) : IDisposable
{
    public static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _warm = Math.Max(1, expected / 2);
    private long _count;
    private long _startedAt;
    private long _before;
    private Timer? _slow;

    public long Count => Interlocked.Read(ref _count);

    /// <summary>Calls since the clock started.</summary>
    public long Timed => Math.Min(Count, expected) - Interlocked.Read(ref _before);

    /// <summary>Completed with the last call that was expected.</summary>
    public Task All => _all.Task;

    /// <exception cref="InvalidOperationException">The clock has not started: hardly anything was called, or nothing.</exception>
    public TimeSpan Elapsed =>
        Interlocked.Read(ref _startedAt) is > 0 and var startedAt
            ? Stopwatch.GetElapsedTime(startedAt)
            : throw new InvalidOperationException($"The clock has not started: {Count} calls of handlers.");

    public void One()
    {
        var count = Interlocked.Increment(ref _count);
        if (count == 1 && _warm > 1)
            _slow = new Timer(_ => StartClock(Count), null, WarmUp, Timeout.InfiniteTimeSpan);
        if (count == _warm)
            StartClock(count);
        if (count == expected)
            _all.TrySetResult();
    }

    public void Dispose() => _slow?.Dispose();

    private void StartClock(long count)
    {
        if (Interlocked.CompareExchange(ref _startedAt, Stopwatch.GetTimestamp(), 0) == 0)
            Interlocked.Exchange(ref _before, count);
    }
}
