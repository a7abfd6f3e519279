using Eventix.Infrastructure.Persistence;
using Npgsql;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// Lets an import run to its end without a trace: temporary tables hide the real ones, and before each batch they are given what the real ones
/// have of it. No lock is held and nothing is written that others could see.
/// </summary>
internal sealed class DryRunConnection(NpgsqlConnection connection, string schema) : ImportConnections
{
    private const string FindSchema = """
        SELECT quote_ident(n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = 'eventix_task'::regclass
        """;

    private const string Hide = """
        CREATE TEMP TABLE eventix_task (LIKE eventix_task INCLUDING ALL);
        CREATE TEMP TABLE eventix_import_ledger (LIKE eventix_import_ledger INCLUDING ALL);
        CREATE TEMP TABLE eventix_import_note (LIKE eventix_import_note INCLUDING ALL);
        CREATE TEMP TABLE eventix_import_seen (uid text COLLATE "C" PRIMARY KEY)
        """;

    private const string Drop =
        "DROP TABLE IF EXISTS pg_temp.eventix_task, pg_temp.eventix_import_ledger, pg_temp.eventix_import_note, pg_temp.eventix_import_seen";

    // The documents themselves, those that they went into and that went into them, and what waits under their keys; each once, since the
    // copies change as the real ones would.
    private readonly string _look = $"""
        WITH own AS (SELECT unnest($1) AS uid),
        tied AS (
            SELECT uid FROM own
            UNION SELECT l.merged_into FROM own JOIN {schema}.eventix_import_ledger l USING (uid) WHERE l.merged_into IS NOT NULL
            UNION SELECT l.uid FROM own JOIN {schema}.eventix_import_ledger l ON l.merged_into = own.uid
            UNION SELECT t.uid FROM unnest($2, $3) AS k (namespace, unique_key)
                JOIN {schema}.eventix_task t ON t.namespace = k.namespace AND t.unique_key = k.unique_key
                WHERE t.unique_key IS NOT NULL AND t.status IN ('scheduled', 'retry')
        ),
        fresh AS (INSERT INTO eventix_import_seen SELECT uid FROM tied ON CONFLICT DO NOTHING RETURNING uid),
        tasks AS (
            INSERT INTO eventix_task OVERRIDING SYSTEM VALUE SELECT t.* FROM fresh JOIN {schema}.eventix_task t USING (uid)
        ),
        entries AS (INSERT INTO eventix_import_ledger SELECT l.* FROM fresh JOIN {schema}.eventix_import_ledger l USING (uid))
        INSERT INTO eventix_import_note SELECT n.* FROM fresh JOIN {schema}.eventix_import_note n USING (uid)
        """;

    public static async Task<DryRunConnection> OpenAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var find = new NpgsqlCommand(FindSchema, connection);
            var schema = (string)(await find.ExecuteScalarAsync(cancellationToken))!;
            await using var hide = new NpgsqlCommand(Hide, connection);
            await hide.ExecuteNonQueryAsync(cancellationToken);

            return new DryRunConnection(connection, schema);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask<ConnectionLease> OpenAsync(IReadOnlyList<SourceTask> batch, CancellationToken cancellationToken)
    {
        var keys = batch.Where(task => task.IsWaitingForKey).Select(task => task.Key).Distinct().ToList();
        await using var look = new NpgsqlCommand(_look, connection);
        look.Parameters.With(batch.Select(task => task.Uid).ToArray())
            .With(keys.Select(key => key.Namespace).ToArray())
            .With(keys.Select(key => key.UniqueKey!).ToArray());
        await look.ExecuteNonQueryAsync(cancellationToken);

        return new ConnectionLease(connection, IsKept: true);
    }

    public override async ValueTask DisposeAsync()
    {
        // A pool would hand the connection on with the tables still hidden, should it not reset it.
        if (connection.FullState == System.Data.ConnectionState.Open)
        {
            await using var drop = new NpgsqlCommand(Drop, connection);
            await drop.ExecuteNonQueryAsync();
        }

        await connection.DisposeAsync();
        await base.DisposeAsync();
    }
}
