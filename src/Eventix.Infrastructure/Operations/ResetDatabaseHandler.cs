using System.Net;
using Eventix.Application.Operations;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Infrastructure.Operations;

internal sealed class ResetDatabaseHandler(IOptions<DatabaseOptions> options, DatabaseMigrator migrator)
    : IRequestHandler<ResetDatabase, IReadOnlyList<string>>
{
    // Whoever else has the database open works with it. Autovacuum and the like are no clients.
    private const string CountOthers = """
        SELECT count(*)
        FROM pg_stat_activity
        WHERE datname = current_database()
          AND pid <> pg_backend_pid()
          AND backend_type = 'client backend'
        """;

    private const string FindTables = $"""
        SELECT c.relname::text
        FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace
          AND c.relkind IN ('r', 'p')
          AND (c.relname LIKE 'eventix\_%' OR c.relname = '{EventixDbContext.MigrationsTable}')
        ORDER BY c.relname
        """;

    // A lock that somebody holds is somebody at work.
    private const string DoNotWait = "SET lock_timeout = '5s'";

    private const int Looks = 10;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);

    private static readonly string[] NamesOfProduction = ["prod", "live"];

    public async Task<IReadOnlyList<string>> Handle(ResetDatabase command, CancellationToken cancellationToken)
    {
        // A connection of its own: one that waits in the pool would count as somebody else's.
        var to = new NpgsqlConnectionStringBuilder(options.Value.ConnectionString) { Pooling = false };
        RefuseOther(to, command.DatabaseName);
        RefuseProduction(to);

        IReadOnlyList<string> tables;
        try
        {
            await using var connection = new NpgsqlConnection(to.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            await RefuseOthersAsync(connection, cancellationToken);
            tables = await DropAsync(connection, cancellationToken);
        }
        catch (NpgsqlException failure)
        {
            throw new DatabaseException($"The tables cannot be dropped: {failure.Message.ReplaceLineEndings(" ")}", failure);
        }

        await migrator.MigrateAsync(cancellationToken);
        return tables;
    }

    private static void RefuseOther(NpgsqlConnectionStringBuilder to, string typed)
    {
        if (!string.Equals(to.Database, typed, StringComparison.Ordinal))
            throw new ResetRefusedException($"DATABASE_URL names the database '{to.Database}', not '{typed}': nothing was dropped.");
    }

    private static void RefuseProduction(NpgsqlConnectionStringBuilder to)
    {
        if (!(to.Host ?? "").Split(',').All(IsThisMachine))
            throw new ResetRefusedException(
                $"The database is on {to.Host}, another machine: only one on this machine is reset. Nothing was dropped."
            );

        if (NamesOfProduction.FirstOrDefault(name => (to.Database ?? "").Contains(name, StringComparison.OrdinalIgnoreCase)) is { } sign)
            throw new ResetRefusedException(
                $"The name '{to.Database}' has '{sign}' in it, as that of a production database: nothing was dropped."
            );
    }

    private static bool IsThisMachine(string host)
    {
        var name = host.StartsWith('/') || host.StartsWith('@') ? "localhost" : host.Split(':', 2)[0];

        return name is "localhost"
            || host is "::1" or "[::1]"
            || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
    }

    private static async Task RefuseOthersAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var others = await CountOthersAsync(connection, cancellationToken);

        // Of a host that has just been stopped the server learns a moment later.
        for (var look = 1; others > 0 && look < Looks; look++)
        {
            await Task.Delay(BetweenLooks, cancellationToken);
            others = await CountOthersAsync(connection, cancellationToken);
        }

        if (others > 0)
            throw new ResetRefusedException(
                $"Other connections to '{connection.Database}' are open ({others}): stop the hosts, and whatever else uses it. Nothing was dropped."
            );
    }

    private static async Task<long> CountOthersAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var count = new NpgsqlCommand(CountOthers, connection);
        return (long)(await count.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<IReadOnlyList<string>> DropAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var tables = new List<string>();
        await using (var find = new NpgsqlCommand(FindTables, connection))
        await using (var rows = await find.ExecuteReaderAsync(cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
                tables.Add(rows.GetString(0));
        }

        if (tables.Count == 0)
            return tables;

        await using (var setting = new NpgsqlCommand(DoNotWait, connection))
            await setting.ExecuteNonQueryAsync(cancellationToken);

        // The only statement here that is put together: tables are named in it, as the catalogue has them.
        await using var drop = new NpgsqlCommand($"DROP TABLE {string.Join(", ", tables.Select(Quoted))}", connection);
        await drop.ExecuteNonQueryAsync(cancellationToken);
        return tables;
    }

    private static string Quoted(string name) => '"' + name.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';
}
