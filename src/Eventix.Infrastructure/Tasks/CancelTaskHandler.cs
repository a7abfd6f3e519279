using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class CancelTaskHandler(NpgsqlDataSource database, IRequestHandler<GetTask, EventixTask?> stored)
    : IRequestHandler<CancelTask, EventixTask>
{
    // One UPDATE for both cases: when a claim comes first, PostgreSQL looks again at what the claim wrote, and the task is then asked to stop.
    // Its host is told at once. A NOTIFY inside of the transaction is dear where thousands commit; cancels are few.
    private const string Cancel = $"""
        WITH cancelled AS (
            UPDATE eventix_task t
            SET (status, result, expires, worker_expires, imported_revision, revision, updated_at, cancel_requested_at) =
                (SELECT
                    CASE WHEN runs THEN t.status ELSE 'error' END,
                    CASE WHEN runs THEN t.result ELSE {CancelledTask.Error} END,
                    CASE WHEN runs THEN t.expires ELSE coalesce(now() + make_interval(secs => t.error_expires), t.expires) END,
                    CASE WHEN runs THEN t.worker_expires END,
                    CASE WHEN runs THEN t.imported_revision END,
                    CASE WHEN runs THEN t.revision ELSE t.revision + 1 END,
                    CASE WHEN runs THEN t.updated_at ELSE now() END,
                    CASE WHEN runs THEN coalesce(t.cancel_requested_at, now()) END
                FROM (SELECT t.status = 'processing') AS it (runs))
            WHERE t.uid = $1 AND t.status IN ('scheduled', 'retry', 'processing')
            RETURNING t.*
        ), told AS MATERIALIZED (
            SELECT pg_notify('{ArrivalListener.CancelChannel}', t.uid) FROM cancelled t WHERE t.status = 'processing'
        )
        SELECT {TaskRow.Columns} FROM cancelled t LEFT JOIN told ON true
        """;

    public async Task<EventixTask> Handle(CancelTask command, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await CancelAsync(command.Uid, cancellationToken) is { } cancelled)
                return cancelled;

            var current = await stored.Handle(new GetTask(command.Uid), cancellationToken) ?? throw DomainException.NotFound(command.Uid);

            // A task that was rescheduled between the two looks is cancelled by the next run.
            if (current.Status is EventixTaskStatus.Done or EventixTaskStatus.Error)
                throw DomainException.WrongTaskStatus(current.Uid, current.Status);
        }
    }

    private async Task<EventixTask?> CancelAsync(string uid, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Cancel);
        command.Parameters.With(uid);

        await using var row = await command.ExecuteReaderAsync(cancellationToken);

        return await row.ReadAsync(cancellationToken) ? TaskRow.Read(row) : null;
    }
}
