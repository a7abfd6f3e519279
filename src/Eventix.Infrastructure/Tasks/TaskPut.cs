using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

/// <summary>The PUT of a task by itself, with everything that may come between: races, outdated revisions, a waiting task of the same key.</summary>
internal sealed class TaskPut(NpgsqlDataSource database, IRequestHandler<GetTask, EventixTask?> stored, WaitingTasks waiting)
{
    private const int MostAttempts = 20;

    // The fence is the row's own revision, or the one that it brought from the old server and shows until its first write here.
    private const string ReplaceOrCreate = $"""
        WITH replaced AS (
            UPDATE eventix_task t
            SET ({NewTaskParameters.Columns}) = ROW ({NewTaskParameters.Values}),
                imported_revision = NULL,
                cancel_requested_at = CASE WHEN $8 = 'processing' THEN t.cancel_requested_at END,
                updated_at = now()
            WHERE t.uid = $1
              AND (t.imported_revision = $26 OR t.imported_revision IS NULL AND t.id = $27 AND t.revision = $28)
            RETURNING {TaskRow.StoredColumns}
        ), created AS (
            INSERT INTO eventix_task AS t ({NewTaskParameters.Columns})
            SELECT {NewTaskParameters.Values}
            WHERE NOT EXISTS (SELECT FROM eventix_task o WHERE o.uid = $1)
            ON CONFLICT (uid) DO NOTHING
            RETURNING {TaskRow.StoredColumns}
        )
        SELECT * FROM replaced UNION ALL SELECT * FROM created
        """;

    // Only for the write-back of a claim, and only while another task does wait: both are looked at by the statement that ends it.
    private const string Supersede = $"""
        WITH waiting AS MATERIALIZED (
            SELECT w.uid
            FROM eventix_task w
            WHERE w.namespace = $5 AND w.unique_key = $6 AND w.status IN ('scheduled', 'retry')
            FOR UPDATE
        ), ended AS (
            UPDATE eventix_task t
            SET status = 'error',
                result = ({SupersededTask.ErrorBefore} || coalesce($9::text, 'null') || {SupersededTask.ErrorAfter})::json,
                expires = coalesce(now() + make_interval(secs => t.error_expires), t.expires),
                worker_expires = NULL,
                cancel_requested_at = NULL,
                imported_revision = NULL,
                revision = t.revision + 1,
                updated_at = now()
            FROM waiting
            WHERE t.uid = $1
              AND (t.imported_revision = $2 OR t.imported_revision IS NULL AND t.id = $3 AND t.revision = $4)
              AND t.status = 'processing'
            RETURNING t.*
        ), hastened AS (
            UPDATE eventix_task w
            SET eta = least(w.eta, coalesce($7, now())),
                priority = least(w.priority, $8),
                imported_revision = NULL,
                revision = w.revision + 1,
                updated_at = now()
            FROM waiting, ended
            WHERE w.uid = waiting.uid AND (w.eta > coalesce($7, now()) OR w.priority > $8)
            RETURNING w.eta, w.priority
        )
        SELECT {TaskRow.Columns} FROM ended t
        """;

    /// <exception cref="DomainException">`RevisionConflict`: the task has moved on. `TaskNotUnique`: another one waits under its key.</exception>
    public async Task<EventixTask> PutAsync(NewTask task, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (await ReplaceOrCreateAsync(task, cancellationToken) is { } written)
                {
                    waiting.Tell(written);
                    return written;
                }

                await ThrowWhenOutdatedAsync(task, cancellationToken);
            }
            catch (PostgresException taken) when (attempt < MostAttempts && taken.ConstraintName == EventixTaskConfiguration.UniqueKeyIndex)
            {
                if (await SupersedeAsync(task, cancellationToken) is { } ended)
                {
                    waiting.Tell(task.Namespace, task.Priority, task.Eta ?? ended.UpdatedAt);
                    return ended;
                }

                await ThrowWhenOutdatedAsync(task, cancellationToken);
                await ThrowWhenNotUniqueAsync(task, cancellationToken);
            }
            catch (PostgresException race)
                when (attempt < MostAttempts && race.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation)
            {
                // The statement changed nothing; its next run sees what the winner stored.
            }
        }
    }

    private async Task<EventixTask?> ReplaceOrCreateAsync(NewTask task, CancellationToken cancellationToken)
    {
        var fence = task.Revision is null ? null : Revision.Parse(task.Revision);

        await using var command = database.CreateCommand(ReplaceOrCreate);
        NewTaskParameters.Add(command.Parameters, task);
        command
            .Parameters.With(task.Revision, NpgsqlDbType.Text)
            .With(fence?.Incarnation, NpgsqlDbType.Bigint)
            .With(fence?.Counter, NpgsqlDbType.Bigint);

        await using var row = await command.ExecuteReaderAsync(cancellationToken);

        return await row.ReadAsync(cancellationToken) ? TaskRow.ReadStored(row, task) : null;
    }

    private async Task<EventixTask?> SupersedeAsync(NewTask task, CancellationToken cancellationToken)
    {
        var fence = task.Revision is null ? null : Revision.Parse(task.Revision);

        await using var command = database.CreateCommand(Supersede);
        command
            .Parameters.With(task.Uid)
            .With(task.Revision, NpgsqlDbType.Text)
            .With(fence?.Incarnation, NpgsqlDbType.Bigint)
            .With(fence?.Counter, NpgsqlDbType.Bigint)
            .With(task.Namespace)
            .With(task.UniqueKey, NpgsqlDbType.Text)
            .With(task.Eta, NpgsqlDbType.TimestampTz)
            .With(task.Priority)
            .With(task.Result, NpgsqlDbType.Text);

        await using var row = await command.ExecuteReaderAsync(cancellationToken);

        return await row.ReadAsync(cancellationToken) ? TaskRow.Read(row) : null;
    }

    /// <summary>Returns when the next run of the statement may succeed: the task is gone, or its revision is the sent one after all.</summary>
    private async Task ThrowWhenOutdatedAsync(NewTask task, CancellationToken cancellationToken)
    {
        var current = await stored.Handle(new GetTask(task.Uid), cancellationToken);

        if (current is not null && current.WireRevision != task.Revision)
            throw DomainException.RevisionConflict(current.WireRevision);
    }

    /// <summary>Returns when the task under that uid is running: then its write-back is to be superseded, or goes through after all.</summary>
    private async Task ThrowWhenNotUniqueAsync(NewTask task, CancellationToken cancellationToken)
    {
        var current = await stored.Handle(new GetTask(task.Uid), cancellationToken);

        if (current?.Status is not EventixTaskStatus.Processing)
            throw DomainException.TaskNotUnique(task.UniqueKey!); // no key, no conflict on the index of keys
    }
}
