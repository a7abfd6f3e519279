using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Infrastructure.Persistence;

/// <summary>Brings the schema up to date. Any number of hosts may do so at once, on an empty database too.</summary>
internal sealed class DatabaseMigrator(IOptions<DatabaseOptions> options, ILogger<DatabaseMigrator> logger)
{
    /// <summary>`FOR UPDATE SKIP LOCKED` is older, but 12 is the oldest version that the claim is measured on.</summary>
    public const int OldestVersion = 12;

    // A lock of the transaction, not of the session: behind PgBouncer in transaction mode a session lock would stay with whoever gets the
    // server connection next. It is held while another connection migrates, so no time-out may end it.
    private const string Lock = """
        SELECT set_config('idle_in_transaction_session_timeout', '0', true),
               set_config('statement_timeout', '0', true),
               set_config('lock_timeout', '0', true);
        SELECT pg_advisory_xact_lock(hashtext('eventix migrations'));
        """;

    // Not by EF: its own start would be more than a third of the host's (docs/performance.md), and most starts find nothing to migrate.
    private const string History = $"SELECT migration_id FROM {EventixDbContext.MigrationsTable}";

    /// <summary>The names of all migrations there are, oldest first.</summary>
    internal static readonly IReadOnlyList<string> Known =
    [
        .. typeof(EventixDbContext)
            .Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(Microsoft.EntityFrameworkCore.Migrations.Migration)))
            .Select(type => type.GetCustomAttribute<MigrationAttribute>()!.Id)
            .Order(StringComparer.Ordinal),
    ];

    // Apart from the pool, which may be as small as one connection.
    private readonly string _connectionString = new NpgsqlConnectionStringBuilder(options.Value.ConnectionString)
    {
        Pooling = false,
        CommandTimeout = 0,
    }.ConnectionString;

    /// <summary>Applies what is pending; does nothing, and takes no lock, when nothing is.</summary>
    /// <exception cref="DatabaseException">The database cannot be reached, or is too old.</exception>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        if ((await PendingAsync(cancellationToken)).Count == 0)
            return;

        await using var guard = await OpenAsync(cancellationToken);
        await using var transaction = await guard.BeginTransactionAsync(cancellationToken);
        await using (var command = new NpgsqlCommand(Lock, guard, transaction))
            await command.ExecuteNonQueryAsync(cancellationToken);

        // Read again: another host may have migrated while this one waited for the lock.
        var pending = await PendingAsync(cancellationToken);
        if (pending.Count == 0)
            return;

        logger.LogInformation("Applying {Count} migrations: {Migrations}", pending.Count, pending);
        try
        {
            await using var context = EventixDbContext.Create(_connectionString);
            await context.Database.MigrateAsync(cancellationToken);
        }
        catch (NpgsqlException refused)
        {
            throw new DatabaseException($"The database {Place()} refuses a migration: {OneLine(refused)}", refused);
        }
    }

    /// <summary>The names of the migrations that the database lacks, oldest first.</summary>
    /// <exception cref="DatabaseException">The database cannot be reached, or is too old.</exception>
    public async Task<IReadOnlyList<string>> PendingAsync(CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        try
        {
            var applied = await AppliedAsync(connection, cancellationToken);
            return [.. Known.Where(migration => !applied.Contains(migration))];
        }
        catch (NpgsqlException refused)
        {
            throw new DatabaseException($"The database {Place()} does not tell its migrations: {OneLine(refused)}", refused);
        }
    }

    /// <exception cref="DatabaseException">The server is older than 12.</exception>
    public static void RefuseOld(Version server)
    {
        if (server.Major < OldestVersion)
            throw new DatabaseException($"PostgreSQL {server} is too old: Eventix needs version {OldestVersion} or later (DATABASE_URL).");
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(_connectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            RefuseOld(connection.PostgreSqlVersion);
            return connection;
        }
        catch (Exception failure)
        {
            await connection.DisposeAsync();

            if (failure is OperationCanceledException or DatabaseException)
                throw;

            throw new DatabaseException($"The database {Place()} cannot be opened: {OneLine(failure)}", failure);
        }
    }

    private static async Task<HashSet<string>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var applied = new HashSet<string>(StringComparer.Ordinal);
        await using var read = new NpgsqlCommand(History, connection);
        try
        {
            await using var rows = await read.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
                applied.Add(rows.GetString(0));
        }
        catch (PostgresException empty) when (empty.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            // No schema yet: nothing is applied.
        }

        return applied;
    }

    /// <summary>Which database it is and who asks, without the password.</summary>
    private string Place()
    {
        var to = new NpgsqlConnectionStringBuilder(_connectionString);
        var user = to.Username is { } name ? $" as user '{name}'" : "";

        return $"'{to.Database}' on {to.Host}:{to.Port}{user} (DATABASE_URL)";
    }

    private static string OneLine(Exception failure) =>
        failure is PostgresException server ? $"{server.MessageText} ({server.SqlState})" : failure.Message.ReplaceLineEndings(" ");
}
