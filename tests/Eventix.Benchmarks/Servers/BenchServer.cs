using Eventix.Infrastructure.Persistence;
using Eventix.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Benchmarks.Servers;

/// <summary>The one durable PostgreSQL of a run, with a migrated template: each measured run has a database of its own.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    /// <summary>
    /// What a small server is given for its memory, and checkpoints far enough apart that none falls into one contestant's run only. Nothing here
    /// gives up durability.
    /// </summary>
    public static readonly IReadOnlyList<string> Settings =
    [
        "shared_buffers=1GB",
        "max_wal_size=8GB",
        "checkpoint_timeout=30min",
        "max_connections=300",
        "random_page_cost=1.1",
    ];

    private const string Template = "eventix_template";

    private readonly PostgresCluster _cluster;
    private int _databases;

    private BenchServer(PostgresCluster cluster) => _cluster = cluster;

    public static async Task<BenchServer> StartAsync(params IReadOnlyList<string> more)
    {
        var server = new BenchServer(await PostgresCluster.StartAsync(durable: true, [.. Settings, .. more]));
        try
        {
            await server.ExecuteAsync($"CREATE DATABASE {Template} TEMPLATE template0");
            await new DatabaseMigrator(
                Options.Create(new DatabaseOptions { ConnectionString = server.Of(Template) }),
                NullLogger<DatabaseMigrator>.Instance
            ).MigrateAsync(CancellationToken.None);
            NpgsqlConnection.ClearAllPools();

            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <param name="isEmpty">Without the schema of Eventix: for others.</param>
    public async Task<BenchDatabase> CreateDatabaseAsync(bool isEmpty = false)
    {
        var name = $"bench_{++_databases}";
        await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {(isEmpty ? "template0" : Template)}");

        return new BenchDatabase(this, name, Of(name));
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of the first row, in the database `postgres`.</summary>
    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };

        return (T)(await command.ExecuteScalarAsync())!;
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private string Of(string database) =>
        new NpgsqlConnectionStringBuilder(_cluster.ConnectionString) { Database = database }.ConnectionString;

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(_cluster.ConnectionString) { Pooling = false }.ConnectionString
        );
        await connection.OpenAsync();

        return connection;
    }
}
