using Eventix.Application.Tasks;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class ListNamespacesHandler(NpgsqlDataSource database) : IRequestHandler<ListNamespaces, IReadOnlyList<string>>
{
    // No index holds every namespace, and one that did would be written by every post, claim and write-back. So this reads the table, which
    // PostgreSQL does with several processes: docs/api.md says what that costs.
    private const string Select = "SELECT DISTINCT namespace FROM eventix_task ORDER BY namespace";

    public async Task<IReadOnlyList<string>> Handle(ListNamespaces query, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Select);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);

        var namespaces = new List<string>();
        while (await rows.ReadAsync(cancellationToken))
            namespaces.Add(rows.GetString(0));

        return namespaces;
    }
}
