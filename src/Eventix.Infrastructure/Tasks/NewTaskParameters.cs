using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

/// <summary>A sent task as the parameters `$1` to `$25` of the statements that store it whole: `POST` and `PUT`.</summary>
internal static class NewTaskParameters
{
    public const string Columns = """
        uid, revision, version, created_at, unique_key, eta, scheduled, status, priority, namespace, task, args, kwargs, worker_id,
        worker_expires, retry, max_retries, error_eta_inc, error_eta_max, store_result, result, error_expires, result_expires, expires, operator
        """;

    /// <summary>
    /// What is stored in <see cref="Columns"/>: a time that was not sent is now by the database's clock, and a running task always has a lease.
    /// </summary>
    /// <remarks>
    /// JSON is sent as text, and cast where the planner cannot do it beforehand: what is no JSON for PostgreSQL (nested too deep, say) then fails
    /// the statement while it runs. Where it fails before, Npgsql (issue 6391) takes the statement that it was preparing for one without rows
    /// from there on.
    /// </remarks>
    public const string Values = """
        $1, $2, $3, coalesce($4, now()), $5, coalesce($6, now()), coalesce($7, now()), $8, $9, $10, $11, (SELECT $12)::json, (SELECT $13)::json, $14,
        coalesce($15, CASE WHEN $8 = 'processing' THEN now() + interval '300 s' END),
        $16, $17, $18, $19, $20, (SELECT $21)::json, $22, $23, $24, $25
        """;

    public static void Add(NpgsqlParameterCollection parameters, NewTask task) =>
        parameters
            .With(task.Uid)
            .With(task.FirstRevisionCounter)
            .With(task.Version)
            .With(task.CreatedAt, NpgsqlDbType.TimestampTz)
            .With(task.UniqueKey, NpgsqlDbType.Text)
            .With(task.Eta, NpgsqlDbType.TimestampTz)
            .With(task.Scheduled, NpgsqlDbType.TimestampTz)
            .With(task.Status.ToText(), NpgsqlDbType.Text)
            .With(task.Priority)
            .With(task.Namespace, NpgsqlDbType.Text)
            .With(task.Task)
            .With(task.Args, NpgsqlDbType.Text)
            .With(task.Kwargs, NpgsqlDbType.Text)
            .With(task.WorkerId, NpgsqlDbType.Text)
            .With(task.WorkerExpires, NpgsqlDbType.TimestampTz)
            .With(task.Retry)
            .With(task.MaxRetries, NpgsqlDbType.Integer)
            .With(task.ErrorEtaInc)
            .With(task.ErrorEtaMax)
            .With(task.StoreResult)
            .With(task.Result, NpgsqlDbType.Text)
            .With(task.ErrorExpires, NpgsqlDbType.Integer)
            .With(task.ResultExpires, NpgsqlDbType.Integer)
            .With(task.Expires, NpgsqlDbType.TimestampTz)
            .With(task.Operator, NpgsqlDbType.Text);
}
