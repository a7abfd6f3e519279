using Eventix.Application.Tasks;
using Eventix.Infrastructure.Persistence;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// Releases tasks whose lease ran out and deletes finished tasks that expired, in bounded batches, each in a transaction of its own. Any number
/// of hosts may call it: an advisory lock of the transaction lets one at a time through, the others find nothing to do. Each of the two has a
/// lock of its own, so that a long clean-up keeps nobody from noticing a dead worker.
/// </summary>
internal sealed partial class TaskMaintenance(
    NpgsqlDataSource database,
    WaitingTasks waiting,
    IOptions<MaintenanceOptions> options,
    ILogger<TaskMaintenance> logger
) : ITaskMaintenance
{
    /// <summary>Rows that one transaction changes at most.</summary>
    public const int BatchSize = 500;

    // A look passes over all that vacuum may not remove, and one that is given up has found nothing. Two of them fit into the lease of LegacyCleanUps.
    private const int ShortestLookTimeoutSeconds = 120;

    // However much a look has to pass over, compiling it takes longer than it gains.
    private const string TryLock =
        "SELECT pg_try_advisory_xact_lock(hashtextextended('eventix ' || $1, 0)) FROM set_config('jit', 'off', true)";

    // Times come back within the calendar of .NET: one row with a time beyond it, by an operator's hand, must not keep all others leased.
    // A task that was asked to stop does not run again: nobody is left who could say otherwise. Nor does one that lost its last lease.
    // Running tasks, and waiting ones that carry a worker (imported or posted so): until their lease is over nobody can claim them.
    // SKIP LOCKED: a row that is being written right now is not lost.
    private const string Rescue = $"""
        WITH lost AS MATERIALIZED (
            SELECT uid,
                   cancel_requested_at IS NOT NULL AS is_cancelled,
                   cancel_requested_at IS NULL AND $2 > 0 AND lost_leases + 1 >= $2 AS is_abandoned
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
        ), abandoned AS (
            UPDATE eventix_task t
            SET status = 'error',
                result = ({AbandonedTask.ErrorBefore} || (t.lost_leases + 1) || {AbandonedTask.ErrorAfter})::json,
                expires = coalesce(now() + make_interval(secs => t.error_expires), t.expires),
                worker_expires = NULL,
                lost_leases = t.lost_leases + 1,
                imported_revision = NULL,
                revision = t.revision + 1,
                updated_at = now()
            FROM lost
            WHERE t.uid = lost.uid AND lost.is_abandoned
            RETURNING t.uid, t.task, t.namespace, t.lost_leases
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
            WHERE t.uid = lost.uid AND t.unique_key IS NULL AND NOT lost.is_cancelled AND NOT lost.is_abandoned
            RETURNING t.namespace, t.priority, t.eta
        ), taken AS (
            DELETE FROM eventix_task t
            USING lost
            WHERE t.uid = lost.uid AND t.unique_key IS NOT NULL AND NOT lost.is_cancelled AND NOT lost.is_abandoned
            RETURNING t.*, 'scheduled' AS new_status, t.result AS new_result, t.eta AS new_eta, t.max_retries AS new_max_retries,
                t.error_eta_inc AS new_error_eta_inc, t.attempt AS new_attempt, t.lost_leases + 1 AS new_lost_leases
        ), {ReturnToWaiting.FromTaken}
        SELECT 'freed', namespace, priority, greatest(least(eta, now()), '0001-01-01 00:00:00+00'), NULL, NULL FROM freed
        UNION ALL
        SELECT 'freed', namespace, priority, greatest(least(first_eta, now()), '0001-01-01 00:00:00+00'), NULL, NULL FROM ranked
        UNION ALL
        SELECT 'cancelled', NULL, NULL, NULL, NULL, NULL FROM cancelled
        UNION ALL
        SELECT 'abandoned', namespace, lost_leases, NULL, uid, task FROM abandoned
        """;

    // Only finished tasks: one that still waits or runs is not deleted, however old its time is.
    internal const string DeleteExpired = """
        WITH old AS MATERIALIZED (
            SELECT uid
            FROM eventix_task
            WHERE expires < now() AND status IN ('done', 'error')
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        DELETE FROM eventix_task t USING old WHERE t.uid = old.uid
        """;

    public Task<int> ReleaseLostLeasesAsync(CancellationToken cancellationToken) => UntilNoneIsLeftAsync(RescueAsync, cancellationToken);

    public Task<int> DeleteExpiredTasksAsync(CancellationToken cancellationToken) =>
        UntilNoneIsLeftAsync(DeleteExpiredAsync, cancellationToken);

    /// <summary>Releases up to <see cref="BatchSize"/> tasks. Returns how many, 0 also when another host is at it.</summary>
    public async Task<int> RescueAsync(CancellationToken cancellationToken)
    {
        var rescued = await StatementRetry.RunAsync(() =>
            LockedAsync(
                "rescue",
                Rescue,
                command => command.Parameters.With(BatchSize).With(options.Value.MaxLostLeases),
                ReadRescuedAsync,
                [],
                cancellationToken
            )
        );

        foreach (var task in rescued)
        {
            if (task.Waits is var (@namespace, priority, eta))
                waiting.Tell(@namespace, priority, eta);
            else if (task.Abandoned is var (uid, name, lostLeases))
                LogAbandoned(uid, name, lostLeases);
        }

        return rescued.Count;
    }

    /// <summary>Deletes up to <see cref="BatchSize"/> tasks. Returns how many, 0 also when another host is at it.</summary>
    public Task<int> DeleteExpiredAsync(CancellationToken cancellationToken) =>
        StatementRetry.RunAsync(() =>
            LockedAsync(
                "clean-up",
                DeleteExpired,
                static command => command.Parameters.With(BatchSize),
                static (command, token) => command.ExecuteNonQueryAsync(token),
                0,
                cancellationToken
            )
        );

    private static async Task<int> UntilNoneIsLeftAsync(Func<CancellationToken, Task<int>> batch, CancellationToken cancellationToken)
    {
        var total = 0;
        int changed;
        do
        {
            changed = await batch(cancellationToken);
            total += changed;
        } while (changed == BatchSize);

        return total;
    }

    private async Task<T> LockedAsync<T>(
        string @lock,
        string sql,
        Action<NpgsqlCommand> bind,
        Func<NpgsqlCommand, CancellationToken, Task<T>> execute,
        T otherwise,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        await using (var tryLock = new NpgsqlCommand(TryLock, connection, transaction))
        {
            tryLock.Parameters.With(@lock);
            if (await tryLock.ExecuteScalarAsync(cancellationToken) is not true)
                return otherwise;
        }

        await using var command = new NpgsqlCommand(sql, connection, transaction);
        if (command.CommandTimeout is > 0 and < ShortestLookTimeoutSeconds)
            command.CommandTimeout = ShortestLookTimeoutSeconds;

        bind(command);
        var answer = await execute(command, cancellationToken);

        await transaction.CommitAsync(cancellationToken);

        return answer;
    }

    private static async Task<List<RescuedTask>> ReadRescuedAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);

        var rescued = new List<RescuedTask>();
        while (await rows.ReadAsync(cancellationToken))
        {
            rescued.Add(
                rows.GetString(0) switch
                {
                    "freed" => new RescuedTask((rows.GetString(1), rows.GetInt32(2), rows.GetFieldValue<DateTimeOffset>(3)), null),
                    "abandoned" => new RescuedTask(null, (rows.GetString(4), rows.GetString(5), rows.GetInt32(2))),
                    _ => new RescuedTask(null, null),
                }
            );
        }

        return rescued;
    }

    [LoggerMessage(
        LogLevel.Error,
        "Task {Uid} ({Task}) has lost its lease {LostLeases} times and is set aside; its error says how it goes on"
    )]
    private partial void LogAbandoned(string uid, string task, int lostLeases);

    private readonly record struct RescuedTask(
        (string Namespace, int Priority, DateTimeOffset Eta)? Waits,
        (string Uid, string Task, int LostLeases)? Abandoned
    );
}
