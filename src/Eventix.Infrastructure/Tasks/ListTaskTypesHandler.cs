using Eventix.Application.Tasks;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class ListTaskTypesHandler(NpgsqlDataSource database) : IRequestHandler<ListTaskTypes, IReadOnlyList<string>>
{
    // Reads the table, for the reason that ListNamespaces has.
    private const string Select = "SELECT DISTINCT task FROM eventix_task WHERE namespace = $1 ORDER BY task";

    public async Task<IReadOnlyList<string>> Handle(ListTaskTypes query, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Select);
        command.Parameters.With(query.Namespace);

        await using var rows = await command.ExecuteReaderAsync(cancellationToken);

        var types = new List<string>();
        while (await rows.ReadAsync(cancellationToken))
            types.Add(rows.GetString(0));

        return types;
    }
}
