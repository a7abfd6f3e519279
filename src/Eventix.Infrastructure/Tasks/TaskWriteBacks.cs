using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

internal sealed class TaskWriteBacks(NpgsqlDataSource database, WaitingTasks waiting) : ITaskWriteBacks
{
    // The fence is in every join: an outdated revision finds nothing. Where it waited for a concurrent writer PostgreSQL looks again.
    // `gone` asks the input first whether anything may have to go: nearly nothing has, and no row is looked up in vain.
    internal const string WriteBack = $"""
        WITH input AS MATERIALIZED (
            SELECT i.*
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) WITH ORDINALITY
                AS i (uid, id, revision, status, result, expires_in, retry_in, max_retries, error_eta_inc, n)
        ), gone AS (
            DELETE FROM eventix_task t
            USING input i
            WHERE t.uid = i.uid AND t.id = i.id AND t.revision = i.revision AND i.status IN ('done', 'error')
              AND (i.expires_in IS NULL OR i.expires_in <= 0) AND coalesce(i.expires_in <= 0, t.expires <= now())
            RETURNING i.n
        ), ended AS (
            UPDATE eventix_task t
            SET status = i.status,
                result = i.result::json,
                expires = coalesce(now() + make_interval(secs => i.expires_in), t.expires),
                worker_expires = NULL,
                cancel_requested_at = NULL,
                revision = t.revision + 1,
                updated_at = now()
            FROM input i
            WHERE t.uid = i.uid AND t.id = i.id AND t.revision = i.revision AND i.status IN ('done', 'error')
              AND NOT coalesce(i.expires_in <= 0, t.expires <= now(), false)
            RETURNING i.n
        ), cancelled AS (
            -- Given back, but asked to stop before: it does not run again.
            UPDATE eventix_task t
            SET status = 'error',
                result = {CancelledTask.Error},
                expires = coalesce(now() + make_interval(secs => t.error_expires), t.expires),
                worker_expires = NULL,
                cancel_requested_at = NULL,
                revision = t.revision + 1,
                updated_at = now()
            FROM input i
            WHERE t.uid = i.uid AND t.id = i.id AND t.revision = i.revision AND i.status = 'scheduled' AND t.cancel_requested_at IS NOT NULL
            RETURNING i.n
        ), waiting AS (
            UPDATE eventix_task t
            SET status = i.status,
                result = CASE WHEN i.status = 'retry' THEN i.result::json ELSE t.result END,
                eta = coalesce(now() + make_interval(secs => i.retry_in), t.eta),
                max_retries = i.max_retries,
                error_eta_inc = i.error_eta_inc,
                attempt = CASE WHEN i.status = 'retry' THEN t.attempt ELSE greatest(t.attempt - 1, 0) END,
                worker_id = NULL,
                worker_expires = NULL,
                cancel_requested_at = NULL,
                revision = t.revision + 1,
                updated_at = now()
            FROM input i
            WHERE t.uid = i.uid AND t.id = i.id AND t.revision = i.revision AND (i.status = 'retry' OR i.status = 'scheduled' AND t.cancel_requested_at IS NULL)
              AND t.unique_key IS NULL
            RETURNING i.n
        ), taken AS (
            DELETE FROM eventix_task t
            USING input i
            WHERE t.uid = i.uid AND t.id = i.id AND t.revision = i.revision AND (i.status = 'retry' OR i.status = 'scheduled' AND t.cancel_requested_at IS NULL)
              AND t.unique_key IS NOT NULL
            RETURNING t.*, i.n, i.status AS new_status,
                CASE WHEN i.status = 'retry' THEN i.result::json ELSE t.result END AS new_result,
                coalesce(now() + make_interval(secs => i.retry_in), t.eta) AS new_eta,
                i.max_retries AS new_max_retries,
                i.error_eta_inc AS new_error_eta_inc,
                CASE WHEN i.status = 'retry' THEN t.attempt ELSE greatest(t.attempt - 1, 0) END AS new_attempt,
                t.lost_leases AS new_lost_leases
        ), {ReturnToWaiting.FromTaken}
        SELECT n, 'written' FROM ended
        UNION ALL SELECT n, 'written' FROM cancelled
        UNION ALL SELECT n, 'written' FROM waiting
        UNION ALL SELECT n, 'deleted' FROM gone
        UNION ALL SELECT ranked.n, 'written' FROM ranked JOIN back ON back.uid = ranked.uid
        UNION ALL SELECT ranked.n, 'superseded' FROM ranked JOIN superseded ON superseded.uid = ranked.uid
        """;

    public async Task<IReadOnlyList<WriteBackAnswer>> WriteBackAsync(
        IReadOnlyList<TaskWriteBack> outcomes,
        CancellationToken cancellationToken
    )
    {
        var answers = await StatementRetry.RunAsync(() => WriteAsync(outcomes, cancellationToken));

        // A retry is due later than anything claimed so far; what is given back is due already.
        foreach (var (claimed, outcome) in outcomes)
        {
            if (outcome.Status == EventixTaskStatus.Scheduled)
                waiting.Tell(claimed.Namespace, claimed.Priority, claimed.Eta);
        }

        return answers;
    }

    private async Task<WriteBackAnswer[]> WriteAsync(IReadOnlyList<TaskWriteBack> outcomes, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(WriteBack);
        command
            .Parameters.With<string[]>([.. outcomes.Select(item => item.Claimed.Uid)])
            .With<long[]>([.. outcomes.Select(item => item.Claimed.Id)])
            .With<long[]>([.. outcomes.Select(item => item.Claimed.RevisionCounter)])
            .With<string[]>([.. outcomes.Select(item => item.Outcome.Status.ToText())])
            .With<byte[]?[]>([.. outcomes.Select(item => item.Outcome.Result?.ToArray())], NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With<int?[]>([.. outcomes.Select(item => item.Outcome.ExpiresIn)])
            .With<int?[]>([.. outcomes.Select(item => item.Outcome.RetryIn)])
            .With<int?[]>([.. outcomes.Select(item => item.Outcome.MaxRetries)])
            .With<int[]>([.. outcomes.Select(item => item.Outcome.ErrorEtaInc)]);

        await using var rows = await command.ExecuteReaderAsync(cancellationToken);

        var answers = new WriteBackAnswer[outcomes.Count];
        Array.Fill(answers, WriteBackAnswer.Stale);
        while (await rows.ReadAsync(cancellationToken))
        {
            answers[rows.GetInt64(0) - 1] = rows.GetString(1) switch
            {
                "written" => WriteBackAnswer.Written,
                "deleted" => WriteBackAnswer.Deleted,
                _ => WriteBackAnswer.Superseded,
            };
        }

        return answers;
    }
}
