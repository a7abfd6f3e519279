using Eventix.Infrastructure.Persistence;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// Releases tasks whose lease ran out and deletes finished tasks that expired, in bounded batches, each in a transaction of its own. Any number
/// of hosts may call it: an advisory lock of the transaction lets one at a time through, the others find nothing to do.
/// </summary>
internal sealed class TaskMaintenance(NpgsqlDataSource database, WaitingTasks waiting)
{
    /// <summary>Rows that one transaction changes at most.</summary>
    public const int BatchSize = 500;

    private const string TryLock = "SELECT pg_try_advisory_xact_lock(hashtextextended('eventix maintenance', 0))";

    // Times come back within the calendar of .NET: one row with a time beyond it, by an operator's hand, must not keep all others leased.
    // A task that was asked to stop does not run again: nobody is left who could say otherwise.
    // Running tasks, and waiting ones that carry a worker (imported or posted so): until their lease is over nobody can claim them.
    // SKIP LOCKED: a row that is being written right now is not lost.
    private const string Rescue = $"""
        WITH lost AS MATERIALIZED (
            SELECT uid, cancel_requested_at IS NOT NULL AS is_cancelled
            FROM eventix_task
            WHERE (status = 'processing' OR (status IN ('scheduled', 'retry') AND worker_id IS NOT NULL)) AND worker_expires < now()
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        ), cancelled AS (
            UPDATE eventix_task t
            SET status = 'error',
                result = {CancelledTask.Error},
                expires = coalesce(now() + make_interval(secs => t.error_expires), t.expires),
                worker_expires = NULL,
                cancel_requested_at = NULL,
                lost_leases = t.lost_leases + 1,
                imported_revision = NULL,
                revision = t.revision + 1,
                updated_at = now()
            FROM lost
            WHERE t.uid = lost.uid AND lost.is_cancelled
            RETURNING t.uid
        ), freed AS (
            UPDATE eventix_task t
            SET status = 'scheduled',
                worker_id = NULL,
                worker_expires = NULL,
                cancel_requested_at = NULL,
                lost_leases = t.lost_leases + 1,
                imported_revision = NULL,
                revision = t.revision + 1,
                updated_at = now()
            FROM lost
            WHERE t.uid = lost.uid AND t.unique_key IS NULL AND NOT lost.is_cancelled
            RETURNING t.namespace, t.priority, t.eta
        ), taken AS (
            DELETE FROM eventix_task t
            USING lost
            WHERE t.uid = lost.uid AND t.unique_key IS NOT NULL AND NOT lost.is_cancelled
            RETURNING t.*, 'scheduled' AS new_status, t.result AS new_result, t.eta AS new_eta, t.max_retries AS new_max_retries,
                t.error_eta_inc AS new_error_eta_inc, t.attempt AS new_attempt, t.lost_leases + 1 AS new_lost_leases
        ), {ReturnToWaiting.FromTaken}
        SELECT namespace, priority, greatest(least(eta, now()), '0001-01-01 00:00:00+00') FROM freed
        UNION ALL
        SELECT namespace, priority, greatest(least(first_eta, now()), '0001-01-01 00:00:00+00') FROM ranked
        UNION ALL
        SELECT NULL, NULL, NULL FROM cancelled
        """;

    // Only finished tasks: one that still waits or runs is not deleted, however old its time is.
    private const string DeleteExpired = """
        WITH old AS MATERIALIZED (
            SELECT uid
            FROM eventix_task
            WHERE expires < now() AND status IN ('done', 'error')
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        DELETE FROM eventix_task t USING old WHERE t.uid = old.uid
        """;

    /// <summary>Releases up to <see cref="BatchSize"/> tasks. Returns how many, 0 also when another host is at it.</summary>
    public async Task<int> RescueAsync(CancellationToken cancellationToken)
    {
        var rescued = await StatementRetry.RunAsync(() => LockedAsync(Rescue, ReadRescuedAsync, [], cancellationToken));

        foreach (var (@namespace, priority, eta) in rescued.OfType<(string, int, DateTimeOffset)>())
            waiting.Tell(@namespace, priority, eta);

        return rescued.Count;
    }

    /// <summary>Deletes up to <see cref="BatchSize"/> tasks. Returns how many, 0 also when another host is at it.</summary>
    public Task<int> DeleteExpiredAsync(CancellationToken cancellationToken) =>
        StatementRetry.RunAsync(() =>
            LockedAsync(DeleteExpired, static (command, token) => command.ExecuteNonQueryAsync(token), 0, cancellationToken)
        );

    private async Task<T> LockedAsync<T>(
        string sql,
        Func<NpgsqlCommand, CancellationToken, Task<T>> execute,
        T otherwise,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        await using (var tryLock = new NpgsqlCommand(TryLock, connection, transaction))
        {
            if (await tryLock.ExecuteScalarAsync(cancellationToken) is not true)
                return otherwise;
        }

        await using var command = new NpgsqlCommand(sql, connection, transaction);
        command.Parameters.With(BatchSize);
        var answer = await execute(command, cancellationToken);

        await transaction.CommitAsync(cancellationToken);

        return answer;
    }

    private static async Task<List<(string Namespace, int Priority, DateTimeOffset Eta)?>> ReadRescuedAsync(
        NpgsqlCommand command,
        CancellationToken cancellationToken
    )
    {
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);

        // Null for one that was cancelled, and so does not wait again.
        var rescued = new List<(string, int, DateTimeOffset)?>();
        while (await rows.ReadAsync(cancellationToken))
            rescued.Add(rows.IsDBNull(0) ? null : (rows.GetString(0), rows.GetInt32(1), rows.GetFieldValue<DateTimeOffset>(2)));

        return rescued;
    }
}
