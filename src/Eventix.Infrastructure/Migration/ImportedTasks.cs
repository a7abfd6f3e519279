using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Eventix.Infrastructure.Tasks;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Migration;

/// <summary>Reads and writes tasks, in the transaction of a batch.</summary>
internal static class ImportedTasks
{
    // Locked, so that what is merged is what is stored; in the order in which posts lock.
    private const string FindWaiting = $"""
        SELECT {TaskRow.Columns}
        FROM unnest($1, $2) AS k (namespace, unique_key)
        JOIN eventix_task t ON t.namespace = k.namespace AND t.unique_key = k.unique_key
        WHERE t.unique_key IS NOT NULL AND t.status IN ('scheduled', 'retry')
        ORDER BY t.namespace, t.unique_key
        FOR UPDATE OF t
        """;

    // Only what is still what it was looked at as.
    private const string Delete = $"""
        DELETE FROM eventix_task t
        USING unnest($1, $2, $3) AS d (uid, id, revision)
        WHERE t.uid = d.uid AND t.id = d.id AND t.revision = d.revision
        RETURNING {TaskRow.Columns}
        """;

    private const string Update = """
        UPDATE eventix_task t
        SET eta = m.eta, priority = m.priority, status = m.status, args = m.args, kwargs = m.kwargs,
            worker_id = NULL, worker_expires = NULL, imported_revision = NULL, revision = t.revision + 1, updated_at = now()
        FROM unnest($1, $2, $3, $4, $5, $6) AS m (uid, eta, priority, status, args, kwargs)
        WHERE t.uid = m.uid
        """;

    private const string Copy = """
        COPY eventix_task (uid, created_at, scheduled, version, error_eta_max, error_expires, result_expires, retry, store_result,
            namespace, task, unique_key, operator, args, kwargs, imported_revision, eta, priority, max_retries, error_eta_inc, revision,
            updated_at, worker_expires, expires, status, worker_id, result)
        FROM STDIN (FORMAT BINARY)
        """;

    public static async Task<List<EventixTask>> FindWaitingAsync(
        NpgsqlConnection connection,
        IEnumerable<SourceTask> documents,
        CancellationToken cancellationToken
    )
    {
        var keys = documents.Where(document => document.IsWaitingForKey).Select(document => document.Key).Distinct().ToList();
        if (keys.Count == 0)
            return [];

        await using var command = new NpgsqlCommand(FindWaiting, connection);
        command.Parameters.Add(Texts(keys.Select(key => key.Namespace)));
        command.Parameters.Add(Texts(keys.Select(key => key.UniqueKey)));

        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var waiting = new List<EventixTask>();
        while (await row.ReadAsync(cancellationToken))
            waiting.Add(TaskRow.Read(row));

        return waiting;
    }

    /// <summary>Deletes tasks and answers what they were. One that somebody has written meanwhile stays, and is missing in the answer.</summary>
    public static async Task<List<EventixTask>> DeleteAsync(
        NpgsqlConnection connection,
        IReadOnlyList<(string Uid, long Id, long Revision)> tasks,
        CancellationToken cancellationToken
    )
    {
        var deleted = new List<EventixTask>();
        if (tasks.Count == 0)
            return deleted;

        await using var command = new NpgsqlCommand(Delete, connection);
        command
            .Parameters.With(tasks.Select(task => task.Uid).ToArray())
            .With(tasks.Select(task => task.Id).ToArray())
            .With(tasks.Select(task => task.Revision).ToArray());

        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            deleted.Add(TaskRow.Read(row));

        return deleted;
    }

    public static async Task UpdateAsync(
        NpgsqlConnection connection,
        IReadOnlyList<WaitingTask> updates,
        CancellationToken cancellationToken
    )
    {
        if (updates.Count == 0)
            return;

        await using var command = new NpgsqlCommand(Update, connection);
        command.Parameters.Add(Texts(updates.Select(merged => merged.Uid)));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset[]> { TypedValue = [.. updates.Select(merged => merged.Eta)] });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. updates.Select(merged => merged.Priority)] });
        command.Parameters.Add(Texts(updates.Select(merged => merged.Status.ToText())));
        command.Parameters.Add(Jsons(updates.Select(merged => merged.Args)));
        command.Parameters.Add(Jsons(updates.Select(merged => merged.Kwargs)));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Inserts the tasks, with ids in their order.</summary>
    /// <exception cref="PostgresException">A uid or a key was posted since it was looked for, or a task holds what a column cannot.</exception>
    public static async Task CopyAsync(NpgsqlConnection connection, IReadOnlyList<SourceTask> tasks, CancellationToken cancellationToken)
    {
        if (tasks.Count == 0)
            return;

        await using var copy = await connection.BeginBinaryImportAsync(Copy, cancellationToken);
        foreach (var task in tasks)
            await WriteAsync(copy, task, cancellationToken);

        await copy.CompleteAsync(cancellationToken);
    }

    private static async Task WriteAsync(NpgsqlBinaryImporter copy, SourceTask source, CancellationToken cancellationToken)
    {
        var task = source.Task;

        await copy.StartRowAsync(cancellationToken);
        await copy.WriteAsync(task.Uid, NpgsqlDbType.Text, cancellationToken);
        await WriteAsync(copy, task.CreatedAt, NpgsqlDbType.TimestampTz, cancellationToken);
        await WriteAsync(copy, task.Scheduled, NpgsqlDbType.TimestampTz, cancellationToken);
        await copy.WriteAsync(task.Version, NpgsqlDbType.Integer, cancellationToken);
        await copy.WriteAsync(task.ErrorEtaMax, NpgsqlDbType.Integer, cancellationToken);
        await WriteAsync(copy, task.ErrorExpires, NpgsqlDbType.Integer, cancellationToken);
        await WriteAsync(copy, task.ResultExpires, NpgsqlDbType.Integer, cancellationToken);
        await copy.WriteAsync(task.Retry, NpgsqlDbType.Boolean, cancellationToken);
        await copy.WriteAsync(task.StoreResult, NpgsqlDbType.Boolean, cancellationToken);
        await copy.WriteAsync(task.Namespace, NpgsqlDbType.Text, cancellationToken);
        await copy.WriteAsync(task.Task, NpgsqlDbType.Text, cancellationToken);
        await copy.WriteAsync(task.UniqueKey, NpgsqlDbType.Text, cancellationToken);
        await copy.WriteAsync(task.Operator, NpgsqlDbType.Text, cancellationToken);
        await copy.WriteAsync(task.Args, NpgsqlDbType.Json, cancellationToken);
        await copy.WriteAsync(task.Kwargs, NpgsqlDbType.Json, cancellationToken);
        await copy.WriteAsync(source.ImportedRevision, NpgsqlDbType.Text, cancellationToken);
        await WriteAsync(copy, task.Eta, NpgsqlDbType.TimestampTz, cancellationToken);
        await copy.WriteAsync(task.Priority, NpgsqlDbType.Integer, cancellationToken);
        await WriteAsync(copy, task.MaxRetries, NpgsqlDbType.Integer, cancellationToken);
        await copy.WriteAsync(task.ErrorEtaInc, NpgsqlDbType.Integer, cancellationToken);
        await copy.WriteAsync(source.RevisionCounter, NpgsqlDbType.Bigint, cancellationToken);
        await WriteAsync(copy, source.UpdatedAt, NpgsqlDbType.TimestampTz, cancellationToken);
        await WriteAsync(copy, task.WorkerExpires, NpgsqlDbType.TimestampTz, cancellationToken);
        await WriteAsync(copy, task.Expires, NpgsqlDbType.TimestampTz, cancellationToken);
        await copy.WriteAsync(task.Status.ToText(), NpgsqlDbType.Text, cancellationToken);
        await copy.WriteAsync(task.WorkerId, NpgsqlDbType.Text, cancellationToken);
        await WriteAsync(copy, task.Result, NpgsqlDbType.Json, cancellationToken);
    }

    private static Task WriteAsync<T>(NpgsqlBinaryImporter copy, T? value, NpgsqlDbType type, CancellationToken cancellationToken)
        where T : struct => value is { } some ? copy.WriteAsync(some, type, cancellationToken) : copy.WriteNullAsync(cancellationToken);

    private static NpgsqlParameter<string?[]> Texts(IEnumerable<string?> values) =>
        new() { TypedValue = [.. values], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };

    private static NpgsqlParameter<ReadOnlyMemory<byte>[]> Jsons(IEnumerable<ReadOnlyMemory<byte>> values) =>
        new() { TypedValue = [.. values], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Json };
}
