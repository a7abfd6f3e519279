using Eventix.Infrastructure.Persistence;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// How many lists may be under way at once: half of the pool's connections. A list holds one for as long as its client takes to read it, and
/// those who post and claim must not wait for that.
/// </summary>
internal sealed class ListSlots : IDisposable
{
    private readonly SemaphoreSlim _free;
    private readonly TimeSpan _patience;

    public ListSlots(IOptions<DatabaseOptions> options)
    {
        var pool = new NpgsqlConnectionStringBuilder(options.Value.ConnectionString);
        _free = new SemaphoreSlim(Math.Max(1, pool.MaxPoolSize / 2));
        _patience = TimeSpan.FromSeconds(pool.Timeout);
    }

    /// <summary>Waits for a slot as long as one would wait for a connection; dispose of it to give it back.</summary>
    /// <exception cref="TimeoutException">None became free in time.</exception>
    public async Task<IDisposable> TakeAsync(CancellationToken cancellationToken) =>
        await _free.WaitAsync(_patience, cancellationToken)
            ? new Slot(_free)
            : throw new TimeoutException($"As many lists as are allowed at once were under way for {_patience.TotalSeconds} seconds");

    public void Dispose() => _free.Dispose();

    private sealed class Slot(SemaphoreSlim free) : IDisposable
    {
        private SemaphoreSlim? _free = free;

        public void Dispose() => Interlocked.Exchange(ref _free, null)?.Release();
    }
}
