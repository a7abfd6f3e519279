using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class DeleteTaskByUniqueKeyHandler(NpgsqlDataSource database) : IRequestHandler<DeleteTaskByUniqueKey, Unit>
{
    // The delete looks at the status again: a task that was claimed since it was found stays with its worker.
    private const string Delete = $"""
        {WaitingTaskOfKey.Found}
        , deleted AS (
            DELETE FROM eventix_task t
            USING found
            WHERE t.uid = found.uid AND t.unique_key = $1 AND t.status IN ('scheduled', 'retry') AND (SELECT count(*) FROM found) = 1
            RETURNING t.uid
        )
        SELECT (SELECT count(*) FROM found), (SELECT count(*) FROM deleted)
        """;

    public async Task<Unit> Handle(DeleteTaskByUniqueKey command, CancellationToken cancellationToken)
    {
        await using var delete = database.CreateCommand(Delete);
        delete.Parameters.With(command.UniqueKey);

        await using var row = await delete.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);

        return (row.GetInt64(0), row.GetInt64(1)) switch
        {
            (> 1, _) => throw DomainException.TaskUniqueKeyNotUnique(command.UniqueKey),
            (_, 0) => throw DomainException.NoTaskFoundForUniqueKey(command.UniqueKey),
            _ => Unit.Value,
        };
    }
}
