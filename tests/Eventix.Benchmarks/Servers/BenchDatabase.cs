using Npgsql;

namespace Eventix.Benchmarks.Servers;

/// <summary>The database of one measured run; disposing drops it.</summary>
internal sealed class BenchDatabase(BenchServer server, string name, string connectionString) : IAsyncDisposable
{
    // Never pooled: what a connection counted is told to the server's statistics when it ends.
    private readonly string _unpooled = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString;

    public string Name => name;

    /// <summary>In Npgsql's form, over a socket.</summary>
    public string ConnectionString => connectionString;

    /// <summary>The folder of the socket.</summary>
    public string Host => new NpgsqlConnectionStringBuilder(connectionString).Host!;

    public BenchServer Server => server;

    public async Task<int> ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };

        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of the first row.</summary>
    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };

        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(_unpooled);
        await connection.OpenAsync();

        return connection;
    }

    /// <summary>Every contestant begins with fresh statistics, and with the same distance to the next checkpoint.</summary>
    public async Task SettleAsync()
    {
        await ExecuteAsync("VACUUM ANALYZE");
        await ExecuteAsync("CHECKPOINT");
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await server.ExecuteAsync($"DROP DATABASE {name} WITH (FORCE)");
    }
}
