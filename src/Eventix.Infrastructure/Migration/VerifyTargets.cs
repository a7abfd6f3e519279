using System.Runtime.CompilerServices;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Eventix.Infrastructure.Tasks;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Migration;

/// <summary>Reads the side of a verification that is here.</summary>
internal sealed class VerifyTargets(NpgsqlDataSource database)
{
    private const string Find = $"""
        SELECT {TaskRow.Columns}, b.uid, l.outcome, l.source_revision, l.stored_revision,
            EXISTS (SELECT FROM eventix_import_ledger m WHERE m.merged_into = b.uid)
        FROM unnest($1) AS b (uid)
        LEFT JOIN eventix_task t ON t.uid = b.uid
        LEFT JOIN eventix_import_ledger l ON l.uid = b.uid
        """;

    private const string List = """
        SELECT t.uid, t.namespace, t.status, l.outcome
        FROM eventix_task t
        LEFT JOIN eventix_import_ledger l ON l.uid = t.uid
        WHERE ($1 IS NULL OR t.namespace = ANY ($1))
          AND ($2 IS NULL OR t.status = ANY ($2))
        """;

    /// <summary>What stands here under these uids, each of them once.</summary>
    public async Task<Dictionary<string, VerifyTarget>> FindAsync(IReadOnlyCollection<string> uids, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, VerifyTarget>(uids.Count, StringComparer.Ordinal);
        await using var find = database.CreateCommand(Find);
        find.CommandTimeout = 0;
        find.Parameters.With<string[]>([.. uids]);

        await using var rows = await find.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            const int Behind = TaskRow.Count;
            found[rows.GetString(Behind)] = new VerifyTarget(
                rows.IsDBNull(0) ? null : TaskRow.Read(rows),
                rows.IsDBNull(Behind + 1) ? null : rows.GetString(Behind + 1),
                rows.IsDBNull(Behind + 2) ? null : rows.GetString(Behind + 2),
                rows.IsDBNull(Behind + 3) ? null : rows.GetInt64(Behind + 3),
                rows.GetBoolean(Behind + 4)
            );
        }

        return found;
    }

    /// <summary>All tasks of these namespaces and statuses, of all where these are null, in no order.</summary>
    public async IAsyncEnumerable<(string Uid, string Namespace, EventixTaskStatus Status, string? Ledger)> ListAsync(
        string[]? namespaces,
        string[]? statuses,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var list = database.CreateCommand(List);
        list.CommandTimeout = 0;
        list.Parameters.With<string[]?>(namespaces, NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With<string[]?>(statuses, NpgsqlDbType.Array | NpgsqlDbType.Text);

        await using var rows = await list.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
            yield return (
                rows.GetString(0),
                rows.GetString(1),
                EventixTaskStatusText.Parse(rows.GetString(2))!.Value, // a CHECK constraint holds the column to the five names
                rows.IsDBNull(3) ? null : rows.GetString(3)
            );
    }
}
