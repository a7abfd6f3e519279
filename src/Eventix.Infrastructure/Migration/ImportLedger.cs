using Eventix.Infrastructure.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Migration;

/// <summary>Reads and writes the ledger, in the transaction of a batch.</summary>
/// <param name="startedAt">Of this import: the `recorded_at` of its entries.</param>
internal sealed class ImportLedger(DateTimeOffset startedAt)
{
    private const string FindKnown = """
        SELECT b.uid, l.outcome, l.source_revision, coalesce(l.recorded_at = $2, false), l.merged_into,
            t.id, t.revision, t.updated_at, t.imported_revision IS NOT NULL, l.stored_revision,
            s.id, s.revision, s.updated_at, s.imported_revision IS NOT NULL, sl.stored_revision, sl.source_revision
        FROM unnest($1) AS b (uid)
        LEFT JOIN eventix_import_ledger l ON l.uid = b.uid
        LEFT JOIN eventix_task t ON t.uid = b.uid
        LEFT JOIN eventix_import_ledger sl ON sl.uid = l.merged_into
        LEFT JOIN eventix_task s ON s.uid = l.merged_into
        WHERE l.uid IS NOT NULL OR t.uid IS NOT NULL
        """;

    // The documents that went into tasks which the source has changed since.
    private const string FindMergedInto = """
        SELECT n.document, l.recorded_at
        FROM eventix_import_ledger l
        JOIN eventix_import_note n ON n.uid = l.uid
        WHERE l.merged_into = ANY ($1) AND l.outcome = 'merged' AND n.document IS NOT NULL AND l.uid <> ALL ($2)
        ORDER BY l.uid
        """;

    private const string Copy = """
        COPY eventix_import_ledger (uid, source_revision, outcome, recorded_at, stored_revision, merged_into) FROM STDIN (FORMAT BINARY)
        """;

    private const string Record = """
        INSERT INTO eventix_import_ledger (uid, source_revision, outcome, recorded_at, stored_revision, merged_into)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
        ON CONFLICT (uid) DO UPDATE
        SET source_revision = excluded.source_revision, outcome = excluded.outcome, recorded_at = excluded.recorded_at,
            stored_revision = excluded.stored_revision, merged_into = excluded.merged_into
        """;

    // $3 is the start of this import: what it has imported itself moves from one sum to the other.
    private const string RecordMergedAway = """
        UPDATE eventix_import_ledger l
        SET outcome = 'merged', stored_revision = NULL, merged_into = m.into_uid
        FROM unnest($1, $2) AS m (uid, into_uid)
        WHERE l.uid = m.uid AND l.outcome = 'imported'
        RETURNING l.recorded_at = $3
        """;

    private const string MovePointers = """
        UPDATE eventix_import_ledger l
        SET merged_into = m.into_uid
        FROM unnest($1, $2) AS m (uid, into_uid)
        WHERE l.merged_into = m.uid
        """;

    private const string RecordUpdated = """
        UPDATE eventix_import_ledger l
        SET stored_revision = u.revision
        FROM unnest($1, $2) AS u (uid, revision)
        WHERE l.uid = u.uid AND l.stored_revision = u.revision - 1
        """;

    public DateTimeOffset StartedAt => startedAt;

    public async Task<Dictionary<string, KnownDocument>> FindKnownAsync(
        NpgsqlConnection connection,
        IReadOnlyList<SourceTask> batch,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(FindKnown, connection);
        command.Parameters.With(Uids(batch.Select(task => task.Uid))).With(startedAt);

        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var known = new Dictionary<string, KnownDocument>(StringComparer.Ordinal);
        while (await row.ReadAsync(cancellationToken))
        {
            var sourceRevision = Text(row, 2);
            known.Add(
                row.GetString(0),
                new KnownDocument(
                    Text(row, 1),
                    sourceRevision,
                    row.GetBoolean(3),
                    Text(row, 4),
                    TaskAt(row, 5, sourceRevision),
                    TaskAt(row, 10, Text(row, 15))
                )
            );
        }

        return known;
    }

    /// <summary>The documents that went into the tasks of these uids, with the time of their entries, but for those of the batch.</summary>
    public static async Task<List<(byte[] Document, DateTimeOffset RecordedAt)>> FindMergedIntoAsync(
        NpgsqlConnection connection,
        IReadOnlyList<string> uids,
        IReadOnlyList<SourceTask> batch,
        CancellationToken cancellationToken
    )
    {
        if (uids.Count == 0)
            return [];

        await using var command = new NpgsqlCommand(FindMergedInto, connection);
        command.Parameters.With(Uids(uids)).With(Uids(batch.Select(task => task.Uid)));

        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<(byte[], DateTimeOffset)>();
        while (await row.ReadAsync(cancellationToken))
            found.Add((row.GetFieldValue<byte[]>(0), row.GetFieldValue<DateTimeOffset>(1)));

        return found;
    }

    /// <summary>Writes entries: new ones by COPY, the others over what stands there.</summary>
    public static async Task RecordAsync(
        NpgsqlConnection connection,
        IReadOnlyList<ImportLedgerEntry> entries,
        Func<string, bool> isKnown,
        CancellationToken cancellationToken
    )
    {
        await CopyAsync(connection, entries.Where(entry => !isKnown(entry.Uid)).ToList(), cancellationToken);

        var known = entries.Where(entry => isKnown(entry.Uid)).ToList();
        if (known.Count == 0)
            return;

        await using var command = new NpgsqlCommand(Record, connection);
        command
            .Parameters.With(Uids(known.Select(entry => entry.Uid)))
            .With(Texts(known.Select(entry => entry.SourceRevision)), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(Uids(known.Select(entry => entry.Outcome)))
            .With(known.Select(entry => entry.RecordedAt).ToArray())
            .With(known.Select(entry => entry.StoredRevision).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Bigint)
            .With(Texts(known.Select(entry => entry.MergedInto)), NpgsqlDbType.Array | NpgsqlDbType.Text);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Records stored tasks that went into older documents. Returns how many of them this import had counted as imported.</summary>
    public async Task<int> RecordMergedAwayAsync(
        NpgsqlConnection connection,
        IReadOnlyList<(string Uid, string Into)> merged,
        CancellationToken cancellationToken
    )
    {
        if (merged.Count == 0)
            return 0;

        await using (var pointers = new NpgsqlCommand(MovePointers, connection))
        {
            pointers.Parameters.With(Uids(merged.Select(each => each.Uid))).With(Uids(merged.Select(each => each.Into)));
            await pointers.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var command = new NpgsqlCommand(RecordMergedAway, connection);
        command.Parameters.With(Uids(merged.Select(each => each.Uid))).With(Uids(merged.Select(each => each.Into))).With(startedAt);

        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var own = 0;
        while (await row.ReadAsync(cancellationToken))
            own += row.GetBoolean(0) ? 1 : 0;

        return own;
    }

    /// <summary>Records that tasks which the import had stored, and nobody else has written, were merged into.</summary>
    public static async Task RecordUpdatedAsync(
        NpgsqlConnection connection,
        IReadOnlyList<(string Uid, long Revision)> updated,
        CancellationToken cancellationToken
    )
    {
        if (updated.Count == 0)
            return;

        await using var command = new NpgsqlCommand(RecordUpdated, connection);
        command.Parameters.With(Uids(updated.Select(each => each.Uid))).With(updated.Select(each => each.Revision).ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task CopyAsync(
        NpgsqlConnection connection,
        IReadOnlyList<ImportLedgerEntry> entries,
        CancellationToken cancellationToken
    )
    {
        if (entries.Count == 0)
            return;

        await using var copy = await connection.BeginBinaryImportAsync(Copy, cancellationToken);
        foreach (var entry in entries)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(entry.Uid, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(entry.SourceRevision, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(entry.Outcome, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(entry.RecordedAt, NpgsqlDbType.TimestampTz, cancellationToken);
            if (entry.StoredRevision is { } revision)
                await copy.WriteAsync(revision, NpgsqlDbType.Bigint, cancellationToken);
            else
                await copy.WriteNullAsync(cancellationToken);
            await copy.WriteAsync(entry.MergedInto, NpgsqlDbType.Text, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private static KnownTask? TaskAt(NpgsqlDataReader row, int column, string? sourceRevision)
    {
        if (row.IsDBNull(column))
            return null;

        var revision = row.GetInt64(column + 1);
        var stored = row.IsDBNull(column + 4) ? default(long?) : row.GetInt64(column + 4);
        return new KnownTask(
            row.GetInt64(column),
            revision,
            row.GetFieldValue<DateTimeOffset>(column + 2),
            KnownTask.IsLeftAlone(revision, row.GetBoolean(column + 3), stored, sourceRevision)
        );
    }

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static string[] Uids(IEnumerable<string> uids) => [.. uids];

    private static string?[] Texts(IEnumerable<string?> texts) => [.. texts];
}
