using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

internal sealed class DeleteTaskHandler(NpgsqlDataSource database, IRequestHandler<GetTask, EventixTask?> stored)
    : IRequestHandler<DeleteTask, Unit>
{
    private const string Delete = """
        DELETE FROM eventix_task t
        WHERE t.uid = $1
          AND ($2::text IS NULL OR t.imported_revision = $2 OR t.imported_revision IS NULL AND t.id = $3 AND t.revision = $4)
        """;

    public async Task<Unit> Handle(DeleteTask command, CancellationToken cancellationToken)
    {
        var fence = command.Revision is null ? null : Revision.Parse(command.Revision);

        while (true)
        {
            await using var delete = database.CreateCommand(Delete);
            delete
                .Parameters.With(command.Uid)
                .With(command.Revision, NpgsqlDbType.Text)
                .With(fence?.Incarnation, NpgsqlDbType.Bigint)
                .With(fence?.Counter, NpgsqlDbType.Bigint);
            if (await delete.ExecuteNonQueryAsync(cancellationToken) > 0)
                return Unit.Value;

            var current = await stored.Handle(new GetTask(command.Uid), cancellationToken) ?? throw DomainException.NotFound(command.Uid);

            // Posted between the two looks, or waited for a write-back that took the row out and in again: the next run deletes it.
            if (command.Revision is { } sent && current.WireRevision != sent)
                throw DomainException.RevisionConflict(current.WireRevision);
        }
    }
}
