using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class DeleteTaskHandler(NpgsqlDataSource database) : IRequestHandler<DeleteTask, Unit>
{
    private const string Delete = "DELETE FROM eventix_task WHERE uid = $1";

    public async Task<Unit> Handle(DeleteTask command, CancellationToken cancellationToken)
    {
        await using var delete = database.CreateCommand(Delete);
        delete.Parameters.With(command.Uid);

        return await delete.ExecuteNonQueryAsync(cancellationToken) == 0 ? throw DomainException.NotFound(command.Uid) : Unit.Value;
    }
}
