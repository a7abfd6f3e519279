using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class GetTaskHandler(NpgsqlDataSource database) : IRequestHandler<GetTask, EventixTask?>
{
    private const string Select = $"SELECT {TaskRow.Columns} FROM eventix_task t WHERE t.uid = $1";

    public async Task<EventixTask?> Handle(GetTask query, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Select);
        command.Parameters.With(query.Uid);

        await using var row = await command.ExecuteReaderAsync(cancellationToken);

        return await row.ReadAsync(cancellationToken) ? TaskRow.Read(row) : null;
    }
}
