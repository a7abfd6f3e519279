using System.Diagnostics;

namespace Eventix.Benchmarks.Drains;

/// <summary>
/// Counts the calls of handlers. The clock starts when a tenth of them has come: a worker runs for weeks, and what its process does in its first
/// moments (compiling, connecting) is not its rate.
/// </summary>
internal sealed class Handled(long expected)
{
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _warm = Math.Max(1, expected / 10);
    private long _count;
    private long _startedAt;

    public long Count => Interlocked.Read(ref _count);

    /// <summary>Calls after the clock started.</summary>
    public long Timed => expected - _warm;

    /// <summary>Completed with the last call that was expected.</summary>
    public Task All => _all.Task;

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(Interlocked.Read(ref _startedAt));

    public void One()
    {
        var count = Interlocked.Increment(ref _count);
        if (count == _warm)
            Interlocked.Exchange(ref _startedAt, Stopwatch.GetTimestamp());
        if (count == expected)
            _all.TrySetResult();
    }
}
