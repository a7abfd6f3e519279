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
            await using var command = new NpgsqlCommand(null, connection, transaction);
            foreach (var (place, task) in await TaskPosts.StoreAsync(command, batch[round], cancellationToken))
                stored.Add((round[place], task));
        }

        await transaction.CommitAsync(cancellationToken);

        return stored;
    }
}
