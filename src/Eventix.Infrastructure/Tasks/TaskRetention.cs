using Eventix.Application.Tasks;
using Eventix.Infrastructure.Persistence;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// Deletes finished tasks that ended too long ago, or that are too many in their namespace, whatever their own `expires` says. Finished tasks have
/// no index by time (every task would pay for it on its way), so a sweep reads the table once, and the caller does that seldom.
/// </summary>
internal sealed class TaskRetention(NpgsqlDataSource database, IOptions<MaintenanceOptions> options)
{
    /// <summary>Tasks that one look at the table picks at most: some ten megabytes of memory.</summary>
    public const int MostPicked = 100_000;

    private const string PickByAge = """
        SELECT uid, id, revision
        FROM eventix_task
        WHERE status IN ('done', 'error') AND updated_at < now() - $1
        LIMIT $2
        """;

    private const string PickByCount = """
        SELECT uid, id, revision
        FROM (
            SELECT uid, id, revision, updated_at, row_number() OVER (PARTITION BY namespace ORDER BY updated_at DESC, id DESC) AS place
            FROM eventix_task
            WHERE status IN ('done', 'error')
        ) AS finished
        WHERE place > $3 OR updated_at < now() - $1
        LIMIT $2
        """;

    // Picked a while ago: one that was rescheduled since has another revision. SKIP LOCKED: one that is being written is not to be waited for.
    private const string Delete = """
        WITH old AS MATERIALIZED (
            SELECT t.uid
            FROM eventix_task t
            JOIN unnest($1, $2, $3) AS picked (uid, id, revision) ON t.uid = picked.uid AND t.id = picked.id AND t.revision = picked.revision
            WHERE t.status IN ('done', 'error')
            FOR UPDATE OF t SKIP LOCKED
        )
        DELETE FROM eventix_task t USING old WHERE t.uid = old.uid
        """;

    public bool IsWanted => options.Value is { Retention: not null } or { RetentionCount: not null };

    /// <summary>One look at the table, and what it picks deleted in batches. Returns how many; <see cref="MostPicked"/> when there may be more.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var deleted = 0;
        foreach (var batch in (await PickAsync(cancellationToken)).Chunk(TaskMaintenance.BatchSize))
            deleted += await StatementRetry.RunAsync(() => DeleteAsync(batch, cancellationToken));

        return deleted;
    }

    private async Task<List<Picked>> PickAsync(CancellationToken cancellationToken)
    {
        await using var pick = database.CreateCommand(options.Value.RetentionCount is null ? PickByAge : PickByCount);
        pick.CommandTimeout = 0; // it takes as long as the table is large, and ends with the host
        pick.Parameters.With(options.Value.Retention, NpgsqlDbType.Interval).With(MostPicked);
        if (options.Value.RetentionCount is { } count)
            pick.Parameters.With(count);

        await using var rows = await pick.ExecuteReaderAsync(cancellationToken);

        var picked = new List<Picked>();
        while (await rows.ReadAsync(cancellationToken))
            picked.Add(new Picked(rows.GetString(0), rows.GetInt64(1), rows.GetInt64(2)));

        return picked;
    }

    private async Task<int> DeleteAsync(Picked[] batch, CancellationToken cancellationToken)
    {
        await using var delete = database.CreateCommand(Delete);
        delete
            .Parameters.With<string[]>([.. batch.Select(task => task.Uid)])
            .With<long[]>([.. batch.Select(task => task.Id)])
            .With<long[]>([.. batch.Select(task => task.Revision)]);

        return await delete.ExecuteNonQueryAsync(cancellationToken);
    }

    private readonly record struct Picked(string Uid, long Id, long Revision);
}
