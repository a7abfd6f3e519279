using Eventix.Infrastructure.Persistence;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Testcontainers.PostgreSql;

namespace Eventix.Testing;

/// <summary>
/// The one server of this test process, with a migrated template: EVENTIX_TEST_DATABASE_URL when set, else a throw-away cluster from the
/// machine's PostgreSQL, else a container. Without any of them tests fail.
/// </summary>
internal sealed class TestServer
{
    public const string Variable = "EVENTIX_TEST_DATABASE_URL";

    private static readonly Lazy<Task<TestServer>> Started = new(StartAsync);

    // Names are unlike those of any other test process on the same server.
    private readonly string _prefix = "evx_" + Guid.NewGuid().ToString("n")[..12];
    private readonly string _admin;
    private int _count;

    private TestServer(string admin) => _admin = admin;

    /// <summary>Starts with the first test class that asks, and ends with the process.</summary>
    public static Task<TestServer> Instance => Started.Value;

    private string Template => _prefix + "_template";

    /// <summary>The connection string of a new database, migrated unless <paramref name="empty"/>.</summary>
    public async Task<string> CreateAsync(bool empty)
    {
        var name = $"{_prefix}_{Interlocked.Increment(ref _count)}";
        await ExecuteAsync($"""CREATE DATABASE {name} TEMPLATE {(empty ? "template0" : Template)}""");

        return Of(name);
    }

    public async Task DropAsync(string connectionString)
    {
        var name = new NpgsqlConnectionStringBuilder(connectionString).Database!;
        await ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        await ExecuteAsync($"DROP DATABASE IF EXISTS {name}");
    }

    private static async Task<TestServer> StartAsync()
    {
        var server = new TestServer(await FindAsync());

        await server.ExecuteAsync($"CREATE DATABASE {server.Template} TEMPLATE template0");
        await Migrator(server.Of(server.Template)).MigrateAsync(CancellationToken.None);

        // A server that was lent is left as it was.
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 })
                server.DropAsync(server.Of(server.Template)).GetAwaiter().GetResult();
        };

        return server;
    }

    private static async Task<string> FindAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } url)
            return DatabaseUrl.Parse(url).ConnectionString;

        if (PostgresCluster.IsAvailable)
            return (await PostgresCluster.StartAsync()).ConnectionString;

        try
        {
            var container = new PostgreSqlBuilder("postgres:17-alpine")
                .WithCommand("-c", "max_connections=200", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
                .Build();
            await container.StartAsync();
            return container.GetConnectionString();
        }
        catch (Exception noDocker)
        {
            throw new InvalidOperationException(
                $"Tests need a PostgreSQL: set {Variable}, or install its programs (`apt-get install postgresql`), or start Docker.",
                noDocker
            );
        }
    }

    internal static DatabaseMigrator Migrator(string connectionString) =>
        new(Options.Create(new DatabaseOptions { ConnectionString = connectionString }), NullLogger<DatabaseMigrator>.Instance);

    private string Of(string database) => new NpgsqlConnectionStringBuilder(_admin) { Database = database }.ConnectionString;

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_admin) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
