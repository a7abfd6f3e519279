using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using FluentValidation;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class PostTasksHandler(NpgsqlDataSource database, IValidator<NewTask> validator, WaitingTasks waiting)
    : IRequestHandler<PostTasks, IReadOnlyList<TaskAnswer>>
{
    // The same two inserts as for one task. A uid that is in use answers no row, and its neighbours go through.
    private const string InsertOrMerge = $"""
        WITH {NewTaskArrays.Input}, plain AS (
            INSERT INTO eventix_task AS t ({NewTaskParameters.Columns})
            SELECT {NewTaskArrays.Values}
            FROM input i
            WHERE i.unique_key IS NULL OR i.status NOT IN ('scheduled', 'retry')
            ORDER BY i.uid
            ON CONFLICT (uid) DO NOTHING
            RETURNING t.*
        ), keyed AS (
            INSERT INTO eventix_task AS t ({NewTaskParameters.Columns})
            SELECT {NewTaskArrays.Values}
            FROM input i
            WHERE i.unique_key IS NOT NULL AND i.status IN ('scheduled', 'retry')
              AND (NOT EXISTS (SELECT FROM eventix_task o WHERE o.uid = i.uid)
                OR EXISTS (
                    SELECT FROM eventix_task w
                    WHERE w.namespace = i.namespace AND w.unique_key = i.unique_key AND w.status IN ('scheduled', 'retry')))
            ORDER BY i.namespace, i.unique_key
            ON CONFLICT (namespace, unique_key) WHERE unique_key IS NOT NULL AND status IN ('scheduled', 'retry')
            DO UPDATE SET {MergedTask.Assignments}
            RETURNING t.*
        )
        SELECT {TaskRow.Columns}, i.n
        FROM plain t JOIN input i ON i.uid = t.uid
        UNION ALL
        SELECT {TaskRow.Columns}, i.n
        FROM keyed t JOIN input i ON i.namespace = t.namespace AND i.unique_key = t.unique_key AND i.status IN ('scheduled', 'retry')
        """;

    public Task<IReadOnlyList<TaskAnswer>> Handle(PostTasks command, CancellationToken cancellationToken) =>
        TaskBatch.RunAsync(command.Tasks, validator, (batch, chunk) => StoreOrIsolateAsync(batch, chunk, cancellationToken));

    private async Task StoreOrIsolateAsync(TaskBatch batch, IReadOnlyList<int> chunk, CancellationToken cancellationToken)
    {
        try
        {
            var stored = await StatementRetry.RunAsync(() => StoreAsync(batch, chunk, cancellationToken));

            foreach (var index in chunk)
                batch.Refuse(index, DomainException.AlreadyExists(batch[index].Uid));
            foreach (var (index, task) in stored)
                batch.Answer(index, task);

            waiting.Tell(stored.ConvertAll(item => item.Stored));
        }
        catch (PostgresException refused) when (refused.IsAboutTheData())
        {
            if (chunk is [var single])
            {
                batch.Refuse(single, refused);
                return;
            }

            // Nothing of the chunk was stored. Each goes alone, in order, and only the one that PostgreSQL does not take is refused.
            foreach (var index in chunk)
                await StoreOrIsolateAsync(batch, [index], cancellationToken);
        }
    }

    private async Task<List<(int Index, EventixTask Stored)>> StoreAsync(
        TaskBatch batch,
        IReadOnlyList<int> chunk,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        var stored = new List<(int, EventixTask)>(chunk.Count);
        foreach (var round in batch.Rounds(chunk))
        {
            await using var command = new NpgsqlCommand(InsertOrMerge, connection, transaction);
            NewTaskArrays.Add(command.Parameters, [.. round.Select(index => batch[index])]);
            stored.AddRange(await TaskBatch.ExecuteAsync(command, round, cancellationToken));
        }

        await transaction.CommitAsync(cancellationToken);

        return stored;
    }
}
