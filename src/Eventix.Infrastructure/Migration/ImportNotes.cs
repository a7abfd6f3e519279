using Eventix.Infrastructure.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Migration;

/// <summary>Reads and writes the notes, in the transaction of a batch.</summary>
internal static class ImportNotes
{
    private const string Find = """
        SELECT uid, original, document, arguments_revision, arguments_created_at, arguments_uid
        FROM eventix_import_note
        WHERE uid = ANY ($1)
        """;

    private const string Delete = "DELETE FROM eventix_import_note WHERE uid = ANY ($1)";

    private const string Write = """
        INSERT INTO eventix_import_note (uid, original, document, arguments_revision, arguments_created_at, arguments_uid)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
        ON CONFLICT (uid) DO UPDATE
        SET original = excluded.original, document = excluded.document, arguments_revision = excluded.arguments_revision,
            arguments_created_at = excluded.arguments_created_at, arguments_uid = excluded.arguments_uid
        """;

    public static async Task<Dictionary<string, ImportNote>> FindAsync(
        NpgsqlConnection connection,
        IReadOnlyList<string> uids,
        CancellationToken cancellationToken
    )
    {
        var notes = new Dictionary<string, ImportNote>(StringComparer.Ordinal);
        if (uids.Count == 0)
            return notes;

        await using var command = new NpgsqlCommand(Find, connection);
        command.Parameters.With(uids.ToArray());

        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            notes.Add(
                row.GetString(0),
                new ImportNote
                {
                    Uid = row.GetString(0),
                    Original = row.IsDBNull(1) ? null : row.GetFieldValue<byte[]>(1),
                    Document = row.IsDBNull(2) ? null : row.GetFieldValue<byte[]>(2),
                    ArgumentsRevision = row.IsDBNull(3) ? null : row.GetInt64(3),
                    ArgumentsCreatedAt = row.IsDBNull(4) ? null : row.GetFieldValue<DateTimeOffset>(4),
                    ArgumentsUid = row.IsDBNull(5) ? null : row.GetString(5),
                }
            );
        }

        return notes;
    }

    public static async Task DeleteAsync(NpgsqlConnection connection, IReadOnlyList<string> uids, CancellationToken cancellationToken)
    {
        if (uids.Count == 0)
            return;

        await using var command = new NpgsqlCommand(Delete, connection);
        command.Parameters.With(uids.ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task WriteAsync(NpgsqlConnection connection, IReadOnlyList<ImportNote> notes, CancellationToken cancellationToken)
    {
        if (notes.Count == 0)
            return;

        await using var command = new NpgsqlCommand(Write, connection);
        command
            .Parameters.With(notes.Select(note => note.Uid).ToArray())
            .With(notes.Select(note => note.Original).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Bytea)
            .With(notes.Select(note => note.Document).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Bytea)
            .With(notes.Select(note => note.ArgumentsRevision).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Bigint)
            .With(notes.Select(note => note.ArgumentsCreatedAt).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz)
            .With(notes.Select(note => note.ArgumentsUid).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
