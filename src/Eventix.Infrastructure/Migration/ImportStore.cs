using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Tasks;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Migration;

/// <summary>What became of the documents of a batch. A task of an earlier batch that is merged away now counts as imported no longer.</summary>
internal readonly record struct StoredBatch(long Imported, long Merged, long Skipped);

/// <summary>
/// Stores batches, each in one transaction with its entries of the ledger: all of it or nothing. A live server may post, claim and write
/// meanwhile; batches of several imports at once take turns.
/// </summary>
internal sealed class ImportStore(NpgsqlDataSource database, RejectsFile rejects, bool force, DateTimeOffset startedAt)
{
    // Also the clock: what a document leaves open begins in the same moment for the whole batch.
    private const string Begin = "SELECT now() FROM (SELECT pg_advisory_xact_lock(7024031526)) AS turn";

    private const string FindKnown = """
        SELECT b.uid, l.outcome, t.uid IS NOT NULL
        FROM unnest($1) AS b (uid)
        LEFT JOIN eventix_import_ledger l ON l.uid = b.uid
        LEFT JOIN eventix_task t ON t.uid = b.uid
        WHERE l.uid IS NOT NULL OR t.uid IS NOT NULL
        """;

    // Locked, so that what is merged is what is stored; in the order in which posts lock.
    private const string FindWaiting = $"""
        SELECT {TaskRow.Columns}
        FROM unnest($1, $2) AS k (namespace, unique_key)
        JOIN eventix_task t ON t.namespace = k.namespace AND t.unique_key = k.unique_key
        WHERE t.unique_key IS NOT NULL AND t.status IN ('scheduled', 'retry')
        ORDER BY t.namespace, t.unique_key
        FOR UPDATE OF t
        """;

    private const string Delete = "DELETE FROM eventix_task WHERE uid = ANY ($1)";

    private const string Update = """
        UPDATE eventix_task t
        SET eta = m.eta, priority = m.priority, status = m.status, args = m.args, kwargs = m.kwargs,
            worker_id = NULL, worker_expires = NULL, imported_revision = NULL, revision = t.revision + 1, updated_at = now()
        FROM unnest($1, $2, $3, $4, $5, $6) AS m (uid, eta, priority, status, args, kwargs)
        WHERE t.uid = m.uid
        """;

    private const string Stage = """
        CREATE TEMP TABLE eventix_import_batch ON COMMIT DROP AS
        SELECT 0 AS n, uid, created_at, scheduled, version, error_eta_max, error_expires, result_expires, retry, store_result, namespace, task,
            unique_key, operator, args, kwargs, imported_revision, eta, priority, max_retries, error_eta_inc, revision, updated_at,
            worker_expires, expires, status, worker_id, result
        FROM eventix_task
        WITH NO DATA
        """;

    private const string Copy = """
        COPY eventix_import_batch (n, uid, created_at, scheduled, version, error_eta_max, error_expires, result_expires, retry, store_result,
            namespace, task, unique_key, operator, args, kwargs, imported_revision, eta, priority, max_retries, error_eta_inc, revision,
            updated_at, worker_expires, expires, status, worker_id, result)
        FROM STDIN (FORMAT BINARY)
        """;

    // The ids follow the order of the file. A uid or a key that was posted since it was looked for is left out, and missed in the count.
    private const string Insert = """
        INSERT INTO eventix_task (uid, created_at, scheduled, version, error_eta_max, error_expires, result_expires, retry, store_result,
            namespace, task, unique_key, operator, args, kwargs, imported_revision, eta, priority, max_retries, error_eta_inc, revision,
            updated_at, worker_expires, expires, status, worker_id, result)
        SELECT uid, created_at, scheduled, version, error_eta_max, error_expires, result_expires, retry, store_result,
            namespace, task, unique_key, operator, args, kwargs, imported_revision, eta, priority, max_retries, error_eta_inc, revision,
            updated_at, worker_expires, expires, status, worker_id, result
        FROM eventix_import_batch
        ORDER BY n
        ON CONFLICT DO NOTHING
        """;

    private const string Record = """
        INSERT INTO eventix_import_ledger (uid, source_revision, outcome, recorded_at)
        SELECT r.uid, r.source_revision, r.outcome, $4
        FROM unnest($1, $2, $3) AS r (uid, source_revision, outcome)
        ON CONFLICT (uid) DO UPDATE
        SET source_revision = excluded.source_revision, outcome = excluded.outcome, recorded_at = excluded.recorded_at
        """;

    // $2 is the start of this import: what it has imported itself moves from one sum to the other.
    private const string RecordMergedAway = """
        UPDATE eventix_import_ledger
        SET outcome = 'merged'
        WHERE uid = ANY ($1) AND outcome = 'imported'
        RETURNING recorded_at = $2
        """;

    private const int MostAttempts = 20;

    private readonly Dictionary<string, (long Revision, TaskAge From)> _arguments = new(StringComparer.Ordinal);

    /// <summary>Stores a batch of documents with different uids.</summary>
    /// <exception cref="PostgresException">The database fails, or refuses a document for what it holds.</exception>
    public async Task<StoredBatch> StoreAsync(IReadOnlyList<SourceTask> batch, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (await TryStoreAsync(batch, cancellationToken) is { } stored)
                    return stored;

                if (attempt == MostAttempts)
                    throw new InvalidOperationException($"A batch met concurrent posts of its keys or uids {MostAttempts} times.");
            }
            catch (PostgresException race)
                when (attempt < MostAttempts && race.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected)
            {
                // Nothing was stored; the next look sees what came in between.
            }
        }
    }

    /// <summary>Null when a uid or key was posted between the look and the insert.</summary>
    private async Task<StoredBatch?> TryStoreAsync(IReadOnlyList<SourceTask> batch, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        var now = await BeginAsync(connection, cancellationToken);
        var known = await FindKnownAsync(connection, batch, cancellationToken);
        var skipped = batch.Where(task => known.TryGetValue(task.Uid, out var found) && (found.IsStored || !force)).ToList();
        var fresh = batch
            .Except(skipped, ReferenceEqualityComparer.Instance)
            .Cast<SourceTask>()
            .Select(task => task.Completed(now))
            .ToList();

        var plan = MergePlan.Make(fresh, await FindWaitingAsync(connection, fresh, cancellationToken), _arguments);
        await DeleteAsync(connection, plan, cancellationToken);
        await UpdateAsync(connection, plan, cancellationToken);
        if (await InsertAsync(connection, plan.Inserts, cancellationToken) < plan.Inserts.Count)
            return null;

        await RecordAsync(connection, plan, skipped.Where(task => known[task.Uid].Outcome is null), cancellationToken);
        var moved = await RecordMergedAwayAsync(connection, plan, cancellationToken);

        // Before the commit: should that fail, a line too many says what would have been, and nothing is lost.
        Report(plan, skipped.Where(task => known[task.Uid].Outcome == "merged"));
        await rejects.FlushAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        foreach (var (uid, arguments) in plan.Arguments)
            _arguments[uid] = arguments;

        return new StoredBatch(plan.Inserts.Count - moved, plan.MergedAway.Count + moved, skipped.Count);
    }

    private static async Task<DateTimeOffset> BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Begin, connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);

        return row.GetFieldValue<DateTimeOffset>(0);
    }

    private static async Task<Dictionary<string, (string? Outcome, bool IsStored)>> FindKnownAsync(
        NpgsqlConnection connection,
        IReadOnlyList<SourceTask> batch,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(FindKnown, connection);
        command.Parameters.Add(Texts(batch.Select(task => task.Uid)));

        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var known = new Dictionary<string, (string?, bool)>(StringComparer.Ordinal);
        while (await row.ReadAsync(cancellationToken))
            known.Add(row.GetString(0), (row.IsDBNull(1) ? null : row.GetString(1), row.GetBoolean(2)));

        return known;
    }

    private static async Task<List<EventixTask>> FindWaitingAsync(
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

    private static async Task DeleteAsync(NpgsqlConnection connection, MergePlan plan, CancellationToken cancellationToken)
    {
        if (plan.Deletes.Count == 0)
            return;

        await using var command = new NpgsqlCommand(Delete, connection);
        command.Parameters.Add(Texts(plan.Deletes.Select(delete => delete.Task.Uid)));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task UpdateAsync(NpgsqlConnection connection, MergePlan plan, CancellationToken cancellationToken)
    {
        if (plan.Updates.Count == 0)
            return;

        await using var command = new NpgsqlCommand(Update, connection);
        command.Parameters.Add(Texts(plan.Updates.Select(merged => merged.Uid)));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset[]> { TypedValue = [.. plan.Updates.Select(merged => merged.Eta)] });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. plan.Updates.Select(merged => merged.Priority)] });
        command.Parameters.Add(Texts(plan.Updates.Select(merged => merged.Status.ToText())));
        command.Parameters.Add(Jsons(plan.Updates.Select(merged => merged.Args)));
        command.Parameters.Add(Jsons(plan.Updates.Select(merged => merged.Kwargs)));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Returns how many were inserted.</summary>
    private static async Task<int> InsertAsync(NpgsqlConnection connection, List<SourceTask> tasks, CancellationToken cancellationToken)
    {
        if (tasks.Count == 0)
            return 0;

        await using (var stage = new NpgsqlCommand(Stage, connection))
            await stage.ExecuteNonQueryAsync(cancellationToken);

        await using (var copy = await connection.BeginBinaryImportAsync(Copy, cancellationToken))
        {
            for (var n = 0; n < tasks.Count; n++)
                await WriteAsync(copy, n, tasks[n], cancellationToken);

            await copy.CompleteAsync(cancellationToken);
        }

        await using var insert = new NpgsqlCommand(Insert, connection);
        return await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task WriteAsync(NpgsqlBinaryImporter copy, int n, SourceTask source, CancellationToken cancellationToken)
    {
        var task = source.Task;

        await copy.StartRowAsync(cancellationToken);
        await copy.WriteAsync(n, NpgsqlDbType.Integer, cancellationToken);
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

    private async Task RecordAsync(
        NpgsqlConnection connection,
        MergePlan plan,
        IEnumerable<SourceTask> skipped,
        CancellationToken cancellationToken
    )
    {
        List<(SourceTask Task, string Outcome)> entries =
        [
            .. plan.Inserts.Select(task => (task, "imported")),
            .. plan.MergedAway.Select(merged => (merged.Task, "merged")),
            .. skipped.Select(task => (task, "skipped")),
        ];
        if (entries.Count == 0)
            return;

        await using var command = new NpgsqlCommand(Record, connection);
        command.Parameters.Add(Texts(entries.Select(entry => entry.Task.Uid)));
        command.Parameters.Add(Texts(entries.Select(entry => entry.Task.Task.Revision)));
        command.Parameters.Add(Texts(entries.Select(entry => entry.Outcome)));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = startedAt });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Returns how many of the stored tasks that were merged away this import has counted as imported.</summary>
    private async Task<int> RecordMergedAwayAsync(NpgsqlConnection connection, MergePlan plan, CancellationToken cancellationToken)
    {
        if (plan.Deletes.Count == 0)
            return 0;

        await using var command = new NpgsqlCommand(RecordMergedAway, connection);
        command.Parameters.Add(Texts(plan.Deletes.Select(delete => delete.Task.Uid)));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = startedAt });

        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var own = 0;
        while (await row.ReadAsync(cancellationToken))
            own += row.GetBoolean(0) ? 1 : 0;

        return own;
    }

    private void Report(MergePlan plan, IEnumerable<SourceTask> mergedEarlier)
    {
        foreach (var (task, into) in plan.MergedAway)
            rejects.Add($"merged into {into}", task.Document);

        foreach (var (task, into) in plan.Deletes)
            rejects.Add($"merged into {into}", task);

        // A second import skips them, and writes the same report again.
        foreach (var task in mergedEarlier)
            rejects.Add("merged by an earlier import into the waiting task of its unique_key", task.Document);
    }

    private static NpgsqlParameter<string?[]> Texts(IEnumerable<string?> values) =>
        new() { TypedValue = [.. values], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };

    private static NpgsqlParameter<ReadOnlyMemory<byte>[]> Jsons(IEnumerable<ReadOnlyMemory<byte>> values) =>
        new() { TypedValue = [.. values], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Json };
}
