using Npgsql;

namespace Eventix.Infrastructure.Migration;

/// <summary>Where batches are stored: on any connection to the tables, or, for a dry run, on one connection with tables of its own.</summary>
internal abstract class ImportConnections : IAsyncDisposable
{
    /// <param name="batch">What is to be stored.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public abstract ValueTask<ConnectionLease> OpenAsync(IReadOnlyList<SourceTask> batch, CancellationToken cancellationToken);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return default;
    }
}

/// <summary>A connection that is closed behind its use, unless somebody keeps it.</summary>
internal readonly record struct ConnectionLease(NpgsqlConnection Connection, bool IsKept) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => IsKept ? default : Connection.DisposeAsync();
}

internal sealed class PooledConnections(NpgsqlDataSource database) : ImportConnections
{
    public override async ValueTask<ConnectionLease> OpenAsync(IReadOnlyList<SourceTask> batch, CancellationToken cancellationToken) =>
        new(await database.OpenConnectionAsync(cancellationToken), IsKept: false);
}
