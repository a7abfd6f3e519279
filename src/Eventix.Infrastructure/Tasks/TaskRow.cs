using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>A row of `eventix_task` as every statement here answers it. The list and its reader are seen together.</summary>
internal static class TaskRow
{
    /// <summary>The columns of a task, of whatever is called `t` in the statement.</summary>
    public const string Columns = """
        t.id, t.uid, t.created_at, t.scheduled, t.version, t.error_eta_max, t.error_expires, t.result_expires, t.retry, t.store_result,
        t.namespace, t.task, t.unique_key, t.operator, t.args, t.kwargs, t.imported_revision, t.cancel_requested_at, t.lost_leases,
        t.eta, t.priority, t.max_retries, t.error_eta_inc, t.attempt, t.revision, t.updated_at, t.worker_expires, t.expires, t.status,
        t.worker_id, t.result, t.progress, t.progress_message
        """;

    /// <summary>How many <see cref="Columns"/> there are: the place of the first column behind them.</summary>
    public const int Count = 33;

    /// <summary>What the database decides or knows of a task that is stored whole as it was sent; the rest is what was sent.</summary>
    public const string StoredColumns = """
        t.uid, t.id, t.created_at, t.scheduled, t.eta, t.worker_expires, t.expires, t.updated_at, t.cancel_requested_at, t.lost_leases, t.attempt,
        t.progress, t.progress_message
        """;

    /// <summary>A row of <see cref="StoredColumns"/>.</summary>
    /// <param name="sent">What the row was stored from, under its <see cref="NewTask.FirstRevisionCounter"/>.</param>
    public static EventixTask ReadStored(NpgsqlDataReader row, NewTask sent) =>
        new()
        {
            Uid = sent.Uid,
            Id = row.GetInt64(1),
            CreatedAt = row.GetFieldValue<DateTimeOffset>(2),
            Scheduled = row.GetFieldValue<DateTimeOffset>(3),
            Eta = row.GetFieldValue<DateTimeOffset>(4),
            WorkerExpires = Time(row, 5),
            Expires = Time(row, 6),
            UpdatedAt = row.GetFieldValue<DateTimeOffset>(7),
            CancelRequestedAt = Time(row, 8),
            LostLeases = row.GetInt32(9),
            Attempt = row.GetInt32(10),
            Progress = row.IsDBNull(11) ? null : row.GetInt16(11),
            ProgressMessage = Text(row, 12),
            RevisionCounter = sent.FirstRevisionCounter,
            Version = sent.Version,
            ErrorEtaMax = sent.ErrorEtaMax,
            ErrorExpires = sent.ErrorExpires,
            ResultExpires = sent.ResultExpires,
            Retry = sent.Retry,
            StoreResult = sent.StoreResult,
            Namespace = sent.Namespace,
            Task = sent.Task,
            UniqueKey = sent.UniqueKey,
            Operator = sent.Operator,
            Args = sent.Args,
            Kwargs = sent.Kwargs,
            Priority = sent.Priority,
            MaxRetries = sent.MaxRetries,
            ErrorEtaInc = sent.ErrorEtaInc,
            Status = sent.Status,
            WorkerId = sent.WorkerId,
            Result = sent.Result,
        };

    public static EventixTask Read(NpgsqlDataReader row) =>
        new()
        {
            Id = row.GetInt64(0),
            Uid = row.GetString(1),
            CreatedAt = row.GetFieldValue<DateTimeOffset>(2),
            Scheduled = row.GetFieldValue<DateTimeOffset>(3),
            Version = row.GetInt32(4),
            ErrorEtaMax = row.GetInt32(5),
            ErrorExpires = Int(row, 6),
            ResultExpires = Int(row, 7),
            Retry = row.GetBoolean(8),
            StoreResult = row.GetBoolean(9),
            Namespace = row.GetString(10),
            Task = row.GetString(11),
            UniqueKey = Text(row, 12),
            Operator = Text(row, 13),
            Args = row.GetFieldValue<byte[]>(14),
            Kwargs = row.GetFieldValue<byte[]>(15),
            ImportedRevision = Text(row, 16),
            CancelRequestedAt = Time(row, 17),
            LostLeases = row.GetInt32(18),
            Eta = row.GetFieldValue<DateTimeOffset>(19),
            Priority = row.GetInt32(20),
            MaxRetries = Int(row, 21),
            ErrorEtaInc = row.GetInt32(22),
            Attempt = row.GetInt32(23),
            RevisionCounter = row.GetInt64(24),
            UpdatedAt = row.GetFieldValue<DateTimeOffset>(25),
            WorkerExpires = Time(row, 26),
            Expires = Time(row, 27),
            Status = EventixTaskStatusText.Parse(row.GetString(28))!.Value, // a CHECK constraint holds the column to the five names
            WorkerId = Text(row, 29),
            Result = row.IsDBNull(30) ? default(ReadOnlyMemory<byte>?) : row.GetFieldValue<byte[]>(30),
            Progress = row.IsDBNull(31) ? null : row.GetInt16(31),
            ProgressMessage = Text(row, 32),
        };

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static int? Int(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
