namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// How a claimed task with a unique key waits again: the part of a statement that write-back and rescue share. It goes out of the table and in
/// again under its id and uid (legal in one statement: a unique check ignores rows that the own transaction deleted), because only ON CONFLICT
/// makes a second waiting task of the key the outcome of that row instead of the failure of the whole statement.
/// </summary>
internal static class ReturnToWaiting
{
    private const string Columns = """
        id, uid, created_at, scheduled, version, error_eta_max, error_expires, result_expires, retry, store_result, namespace, task, unique_key,
        operator, args, kwargs, imported_revision, cancel_requested_at, lost_leases, eta, priority, max_retries, error_eta_inc, attempt,
        revision, updated_at, worker_expires, expires, status, worker_id, result, progress, progress_message
        """;

    /// <summary>What `taken` must answer beside `t.*`: what the row is to become.</summary>
    /// <remarks>`new_status`, `new_result`, `new_eta`, `new_max_retries`, `new_error_eta_inc`, `new_attempt`, `new_lost_leases`.</remarks>
    public const string FromTaken = $"""
        ranked AS (
            -- Of several tasks of one key that return together the oldest goes on; it takes the earliest eta and the smallest priority.
            SELECT taken.*,
                   row_number() OVER (PARTITION BY namespace, unique_key ORDER BY id) AS place,
                   min(new_eta) OVER (PARTITION BY namespace, unique_key) AS first_eta,
                   min(priority) OVER (PARTITION BY namespace, unique_key) AS first_priority
            FROM taken
        ), back AS (
            INSERT INTO eventix_task AS t ({Columns})
            OVERRIDING SYSTEM VALUE
            SELECT
                id, uid, created_at, scheduled, version, error_eta_max, error_expires, result_expires, retry, store_result, namespace, task,
                unique_key, operator, args, kwargs, NULL, NULL, new_lost_leases, first_eta, first_priority, new_max_retries,
                new_error_eta_inc, new_attempt, revision + 1, now(), NULL, expires, new_status, NULL, new_result, progress,
                progress_message
            FROM ranked
            WHERE place = 1
            ORDER BY namespace, unique_key
            ON CONFLICT (namespace, unique_key) WHERE unique_key IS NOT NULL AND status IN ('scheduled', 'retry')
            DO UPDATE SET
                eta = least(t.eta, excluded.eta),
                priority = least(t.priority, excluded.priority),
                imported_revision = NULL,
                revision = t.revision + 1,
                updated_at = now()
            WHERE t.eta > excluded.eta OR t.priority > excluded.priority
            RETURNING t.uid
        ), superseded AS (
            INSERT INTO eventix_task AS t ({Columns})
            OVERRIDING SYSTEM VALUE
            SELECT
                id, uid, created_at, scheduled, version, error_eta_max, error_expires, result_expires, retry, store_result, namespace, task,
                unique_key, operator, args, kwargs, NULL, NULL, new_lost_leases, eta, priority, new_max_retries,
                new_error_eta_inc, new_attempt, revision + 1, now(), NULL,
                coalesce(now() + make_interval(secs => error_expires), expires), 'error', worker_id,
                ({SupersededTask.ErrorBefore} || coalesce(new_result::text, 'null') || {SupersededTask.ErrorAfter})::json,
                progress, progress_message
            FROM ranked
            WHERE NOT EXISTS (SELECT FROM back WHERE back.uid = ranked.uid)
            RETURNING t.uid
        )
        """;
}
