using Npgsql;

namespace Eventix.Testing;

/// <summary>A transaction that somebody has forgotten: it idles until it is disposed of.</summary>
public sealed class HeldTransaction : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private HeldTransaction(NpgsqlConnection connection) => _connection = connection;

    /// <summary>Of its backend.</summary>
    public int Pid => _connection.ProcessID;

    /// <param name="statement">What it has done, such as `SELECT 1`, which takes a snapshot.</param>
    /// <param name="isolation">With `REPEATABLE READ` it keeps its snapshot, with `READ COMMITTED` it does not.</param>
    public static async Task<HeldTransaction> BeginAsync(
        string connectionString,
        string statement = "SELECT 1",
        string isolation = "REPEATABLE READ"
    )
    {
        var to = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ApplicationName = "forgotten" };
        var connection = new NpgsqlConnection(to.ConnectionString);
        await connection.OpenAsync();
        await using var begin = new NpgsqlCommand($"BEGIN ISOLATION LEVEL {isolation}; {statement}", connection);
        await begin.ExecuteNonQueryAsync();

        return new HeldTransaction(connection);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
