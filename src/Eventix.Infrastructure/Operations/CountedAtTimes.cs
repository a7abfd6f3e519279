using Microsoft.Extensions.Logging;

namespace Eventix.Infrastructure.Operations;

/// <summary>
/// A value that costs something to find out: found out when somebody asks for it, once however many ask, and kept for a while that grows with
/// its cost.
/// </summary>
/// <param name="count">Finds the value out.</param>
/// <param name="keptFor">For how long, by how long it took to find out.</param>
internal sealed class CountedAtTimes<T>(
    Func<CancellationToken, Task<T>> count,
    Func<TimeSpan, TimeSpan> keptFor,
    TimeProvider clock,
    ILogger logger
) : IDisposable
    where T : class
{
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _lock = new();
    private Counted? _last;
    private Task<Counted>? _running;

    /// <summary>The value and its age. One that is too old is found out anew, or answered as it is when that takes longer than <paramref name="patience"/>.</summary>
    /// <returns>Null when there is none yet and patience is over.</returns>
    public async Task<(T Value, TimeSpan Age)?> GetAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        Task<Counted> running;
        lock (_lock)
        {
            if (_last is { } fresh && clock.GetElapsedTime(fresh.At) < keptFor(fresh.Took))
                return (fresh.Value, clock.GetElapsedTime(fresh.At));

            running = _running ??= Task.Run(RunAsync, CancellationToken.None);
        }

        Counted? counted;
        try
        {
            counted = await running.WaitAsync(patience, clock, cancellationToken);
        }
        catch (TimeoutException) when (!running.IsFaulted)
        {
            // It may have ended in the very moment in which patience did.
            counted = _last;
        }

        return counted is null ? null : (counted.Value, clock.GetElapsedTime(counted.At));
    }

    public void Dispose()
    {
        _ended.Cancel();
        _ended.Dispose();
    }

    private async Task<Counted> RunAsync()
    {
        try
        {
            var at = clock.GetTimestamp();
            var value = await count(_ended.Token);

            return _last = new Counted(value, at, clock.GetElapsedTime(at));
        }
        catch (Exception failed)
        {
            // Whoever still waits is told; perhaps nobody does.
            logger.LogWarning("Could not count the tasks: {Problem}", failed.Message);
            throw;
        }
        finally
        {
            lock (_lock)
                _running = null;
        }
    }

    private sealed record Counted(T Value, long At, TimeSpan Took);
}
