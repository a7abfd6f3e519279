using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class GetTaskByUniqueKeyHandler(NpgsqlDataSource database) : IRequestHandler<GetTaskByUniqueKey, EventixTask>
{
    // Each branch names its status as a literal, so that the partial index of that status serves it; a branch that was not asked for is never
    // begun. Only `done` has no index: it reads the table.
    private const string Select = $"""
        SELECT {TaskRow.Columns}
        FROM (
            SELECT * FROM eventix_task
            WHERE namespace = $1 AND unique_key = $2 AND status IN ('scheduled', 'retry') AND status = ANY ($3)
            UNION ALL
            SELECT * FROM eventix_task WHERE namespace = $1 AND unique_key = $2 AND status = 'processing' AND 'processing' = ANY ($3)
            UNION ALL
            SELECT * FROM eventix_task WHERE namespace = $1 AND unique_key = $2 AND status = 'error' AND 'error' = ANY ($3)
            UNION ALL
            SELECT * FROM eventix_task WHERE namespace = $1 AND unique_key = $2 AND status = 'done' AND 'done' = ANY ($3)
        ) t
        ORDER BY t.id
        LIMIT 1
        """;

    public async Task<EventixTask> Handle(GetTaskByUniqueKey query, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Select);
        command
            .Parameters.With(query.Namespace)
            .With(query.UniqueKey)
            .With<string[]>([.. query.Statuses.Select(status => status.ToText())]);

        await using var row = await command.ExecuteReaderAsync(cancellationToken);

        return await row.ReadAsync(cancellationToken) ? TaskRow.Read(row) : throw DomainException.NoTaskFoundForUniqueKey(query.UniqueKey);
    }
}
