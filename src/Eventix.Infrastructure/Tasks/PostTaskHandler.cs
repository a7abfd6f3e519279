using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class PostTaskHandler(NpgsqlDataSource database, WaitingTasks waiting) : IRequestHandler<PostTask, EventixTask>
{
    // A task without a key never meets the unique index, nor does one that does not wait: a post of a finished task merges into nothing.
    private const string Insert = $"""
        INSERT INTO eventix_task AS t ({NewTaskParameters.Columns})
        VALUES ({NewTaskParameters.Values})
        ON CONFLICT (uid) DO NOTHING
        RETURNING {TaskRow.Columns}
        """;

    // Inserted or merged in one statement: there is no moment between looking and inserting. The pre-check keeps a uid that is in use from
    // failing the statement, unless the post merges anyway; when it loses a race with a post of the same uid, the second run sees that row.
    private const string InsertOrMerge = $"""
        INSERT INTO eventix_task AS t ({NewTaskParameters.Columns})
        SELECT {NewTaskParameters.Values}
        WHERE NOT EXISTS (SELECT FROM eventix_task o WHERE o.uid = $1)
           OR EXISTS (
                SELECT FROM eventix_task w
                WHERE w.namespace = $10 AND w.unique_key = $5 AND w.status IN ('scheduled', 'retry'))
        ON CONFLICT (namespace, unique_key) WHERE unique_key IS NOT NULL AND status IN ('scheduled', 'retry')
        DO UPDATE SET {MergedTask.Assignments}
        RETURNING {TaskRow.Columns}
        """;

    public async Task<EventixTask> Handle(PostTask command, CancellationToken cancellationToken)
    {
        var task = command.Task;
        var sql = task.UniqueKey is not null && task.Status.IsWaiting() ? InsertOrMerge : Insert;

        var stored =
            await StatementRetry.RunAsync(() => StoreAsync(sql, task, cancellationToken)) ?? throw DomainException.AlreadyExists(task.Uid);

        waiting.Tell(stored);

        return stored;
    }

    private async Task<EventixTask?> StoreAsync(string sql, NewTask task, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        NewTaskParameters.Add(command.Parameters, task);

        await using var row = await command.ExecuteReaderAsync(cancellationToken);

        return await row.ReadAsync(cancellationToken) ? TaskRow.Read(row) : null;
    }
}
