using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class GetWaitingTaskByUniqueKeyHandler(NpgsqlDataSource database) : IRequestHandler<GetWaitingTaskByUniqueKey, EventixTask>
{
    private const string Select = $"""
        {WaitingTaskOfKey.Found}
        SELECT {TaskRow.Columns} FROM eventix_task t JOIN found ON found.uid = t.uid
        """;

    public async Task<EventixTask> Handle(GetWaitingTaskByUniqueKey query, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Select);
        command.Parameters.With(query.UniqueKey);

        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        if (!await rows.ReadAsync(cancellationToken))
            throw DomainException.NoTaskFoundForUniqueKey(query.UniqueKey);

        var task = TaskRow.Read(rows);
        return await rows.ReadAsync(cancellationToken) ? throw DomainException.TaskUniqueKeyNotUnique(query.UniqueKey) : task;
    }
}
