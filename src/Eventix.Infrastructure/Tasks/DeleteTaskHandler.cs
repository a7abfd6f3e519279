using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class DeleteTaskHandler(NpgsqlDataSource database) : IRequestHandler<DeleteTask, Unit>
{
    private const string Delete = "DELETE FROM eventix_task WHERE uid = $1";
    private const string Exists = "SELECT EXISTS (SELECT FROM eventix_task WHERE uid = $1)";

    public async Task<Unit> Handle(DeleteTask command, CancellationToken cancellationToken)
    {
        // A delete that waited for a write-back which took the row out and in again finds nothing, though the task is there.
        do
        {
            await using var delete = database.CreateCommand(Delete);
            delete.Parameters.With(command.Uid);
            if (await delete.ExecuteNonQueryAsync(cancellationToken) > 0)
                return Unit.Value;
        } while (await ExistsAsync(command.Uid, cancellationToken));

        throw DomainException.NotFound(command.Uid);
    }

    private async Task<bool> ExistsAsync(string uid, CancellationToken cancellationToken)
    {
        await using var exists = database.CreateCommand(Exists);
        exists.Parameters.With(uid);

        return await exists.ExecuteScalarAsync(cancellationToken) is true;
    }
}
