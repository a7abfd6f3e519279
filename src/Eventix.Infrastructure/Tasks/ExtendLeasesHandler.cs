using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

internal sealed class ExtendLeasesHandler(NpgsqlDataSource database) : IRequestHandler<ExtendLeases, IReadOnlyList<LeaseAnswer>>
{
    // No indexed column changes and the revision stays: the row is rewritten on its page, and the worker's token stays good.
    private const string Extend = """
        WITH input AS MATERIALIZED (
            SELECT i.* FROM unnest($1, $2, $3, $4) AS i (uid, revision, incarnation, counter)
        )
        UPDATE eventix_task t
        SET worker_expires = now() + $5
        FROM input i
        WHERE t.uid = i.uid
          AND (t.imported_revision = i.revision OR t.imported_revision IS NULL AND t.id = i.incarnation AND t.revision = i.counter)
          AND t.status = 'processing'
        RETURNING i.uid, i.revision, t.worker_expires, t.cancel_requested_at IS NOT NULL
        """;

    public async Task<IReadOnlyList<LeaseAnswer>> Handle(ExtendLeases command, CancellationToken cancellationToken)
    {
        var held = await StatementRetry.RunAsync(() => ExtendAsync(command, cancellationToken));

        return [.. command.Tasks.Select(task => held.GetValueOrDefault(task, new LeaseAnswer(LeaseState.Lost, WorkerExpires: null)))];
    }

    private async Task<Dictionary<HeldTask, LeaseAnswer>> ExtendAsync(ExtendLeases command, CancellationToken cancellationToken)
    {
        // In one order for everybody: two heartbeats of the same tasks then wait for each other instead of locking each other out.
        var tasks = command.Tasks.Distinct().OrderBy(task => task.Uid, StringComparer.Ordinal).ToList();
        var fences = tasks.ConvertAll(task => Revision.Parse(task.Revision));

        await using var extend = database.CreateCommand(Extend);
        extend
            .Parameters.With<string[]>([.. tasks.Select(task => task.Uid)])
            .With<string[]>([.. tasks.Select(task => task.Revision)])
            .With<long?[]>([.. fences.Select(fence => fence?.Incarnation)], NpgsqlDbType.Array | NpgsqlDbType.Bigint)
            .With<long?[]>([.. fences.Select(fence => fence?.Counter)], NpgsqlDbType.Array | NpgsqlDbType.Bigint)
            .With(command.Lease);

        await using var rows = await extend.ExecuteReaderAsync(cancellationToken);

        var held = new Dictionary<HeldTask, LeaseAnswer>();
        while (await rows.ReadAsync(cancellationToken))
        {
            var state = rows.GetBoolean(3) ? LeaseState.Cancelled : LeaseState.Extended;
            held.Add(new HeldTask(rows.GetString(0), rows.GetString(1)), new LeaseAnswer(state, rows.GetFieldValue<DateTimeOffset>(2)));
        }

        return held;
    }
}
