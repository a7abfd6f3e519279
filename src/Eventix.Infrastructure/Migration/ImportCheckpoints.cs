using Eventix.Application.Migration;
using Eventix.Infrastructure.Migration.Sources;
using Eventix.Infrastructure.Persistence;
using Npgsql;

namespace Eventix.Infrastructure.Migration;

/// <summary>The checkpoint of one source.</summary>
/// <param name="database">Where it is.</param>
/// <param name="source">Name of the source, with what was chosen of it.</param>
/// <param name="version">Which file stands under that name.</param>
/// <param name="startedAt">When the import began.</param>
internal sealed class ImportCheckpoints(NpgsqlDataSource database, string source, string version, DateTimeOffset startedAt)
{
    private const string Find = """
        SELECT version, position, read, imported, merged, skipped, rejected, report_length, started_at
        FROM eventix_import_checkpoint
        WHERE source = $1 AND finished_at IS NULL
        """;

    private const string Save = """
        INSERT INTO eventix_import_checkpoint (source, version, position, read, imported, merged, skipped, rejected, report_length,
            started_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now())
        ON CONFLICT (source) DO UPDATE
        SET version = excluded.version, position = excluded.position, read = excluded.read, imported = excluded.imported,
            merged = excluded.merged, skipped = excluded.skipped, rejected = excluded.rejected, report_length = excluded.report_length,
            started_at = excluded.started_at, updated_at = excluded.updated_at, finished_at = NULL
        """;

    private const string Finish = "UPDATE eventix_import_checkpoint SET finished_at = now(), updated_at = now() WHERE source = $1";

    /// <summary>Where an import of the source broke off; null when none did.</summary>
    public static async Task<ImportCheckpoint?> FindAsync(NpgsqlDataSource database, string source, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Find);
        command.Parameters.With(source);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);

        return await row.ReadAsync(cancellationToken)
            ? new ImportCheckpoint
            {
                Source = source,
                Version = row.GetString(0),
                Position = row.GetString(1),
                Read = row.GetInt64(2),
                Imported = row.GetInt64(3),
                Merged = row.GetInt64(4),
                Skipped = row.GetInt64(5),
                Rejected = row.GetInt64(6),
                ReportLength = row.GetInt64(7),
                StartedAt = row.GetFieldValue<DateTimeOffset>(8),
            }
            : null;
    }

    /// <summary>In the transaction of a batch.</summary>
    public async Task SaveAsync(
        NpgsqlConnection connection,
        LegacyPosition position,
        ImportSummary sums,
        long reportLength,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(Save, connection);
        command
            .Parameters.With(source)
            .With(version)
            .With(position.ToString())
            .With(sums.Read)
            .With(sums.Imported)
            .With(sums.Merged)
            .With(sums.Skipped)
            .With(sums.Rejected)
            .With(reportLength)
            .With(startedAt);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Finish);
        command.Parameters.With(source);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
