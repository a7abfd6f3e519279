using System.Data;
using System.Runtime.CompilerServices;
using Eventix.Application.Migration;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Migration.Targets;
using Eventix.Infrastructure.Persistence;
using Eventix.Infrastructure.Tasks;
using MediatR;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Migration;

internal sealed class ExportTasksHandler(NpgsqlDataSource database) : IRequestHandler<ExportTasks, ExportSummary>
{
    // In the order of the table: sorting millions of whole rows would need their size again on the server's disk.
    private const string Select = $"""
        SELECT {TaskRow.Columns}, n.original
        FROM eventix_task t
        LEFT JOIN eventix_import_note n ON n.uid = t.uid
        WHERE ($1 IS NULL OR t.namespace = ANY ($1))
          AND ($2 IS NULL OR t.status = ANY ($2))
          AND ($3 IS NULL OR t.updated_at >= $3)
        """;

    private const string SelectGone = """
        SELECT l.uid
        FROM eventix_import_ledger l
        WHERE l.outcome IN ('imported', 'merged')
          AND NOT EXISTS (SELECT FROM eventix_task t WHERE t.uid = l.uid)
        """;

    private const int TasksPerReport = 1000;
    private const int RemovedAtOnce = 1000;

    public async Task<ExportSummary> Handle(ExportTasks command, CancellationToken cancellationToken)
    {
        await using var target = await OpenAsync(command, cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);

        // One snapshot: a task that is claimed meanwhile is exported as it was, not twice and not torn.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);

        var sums = new ExportSummary(0, 0, 0, 0);
        await foreach (var (task, original) in ReadAsync(connection, command, cancellationToken))
        {
            sums = await ExportAsync(task, original, target, sums, command.Rejects, cancellationToken);
            if (sums.Tasks % TasksPerReport == 0)
                command.Progress?.Report(sums);
        }

        // What came in one piece was read and written without a look at the token.
        cancellationToken.ThrowIfCancellationRequested();
        await target.CompleteAsync(cancellationToken);
        if (target is MongoDbTarget collection && command.Replace && IsWhole(command))
            sums = sums with { Removed = await RemoveGoneAsync(connection, collection, cancellationToken) };

        return sums;
    }

    private static async Task<IExportTarget> OpenAsync(ExportTasks command, CancellationToken cancellationToken) =>
        command.Format switch
        {
            ExportFormat.Mongodump => new MongodumpTarget(command),
            ExportFormat.Mongoexport => new MongoexportTarget(command),
            ExportFormat.CliDump => new CliDumpTarget(command),
            ExportFormat.MongoDb => await MongoDbTarget.OpenAsync(command, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(command), command.Format, "A format that is not known."),
        };

    /// <summary>Of a part of the tasks nobody can tell which are missing for having been finished.</summary>
    private static bool IsWhole(ExportTasks command) =>
        command is { Namespaces: null or { Count: 0 }, Statuses: null or { Count: 0 }, Since: null };

    /// <summary>
    /// What was imported and has been finished and deleted, or merged away, would run again where it still waits in the collection that it came
    /// from. Returns how many documents were taken out.
    /// </summary>
    private static async Task<long> RemoveGoneAsync(NpgsqlConnection connection, MongoDbTarget target, CancellationToken cancellationToken)
    {
        var (removed, uids) = (0L, new List<string>());
        await using var select = new NpgsqlCommand(SelectGone, connection) { CommandTimeout = 0 };
        await using var rows = await select.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            uids.Add(rows.GetString(0));
            if (uids.Count < RemovedAtOnce)
                continue;

            removed += await target.RemoveAsync(uids, cancellationToken);
            uids.Clear();
        }

        return uids.Count == 0 ? removed : removed + await target.RemoveAsync(uids, cancellationToken);
    }

    private static async Task<ExportSummary> ExportAsync(
        EventixTask task,
        byte[]? original,
        IExportTarget target,
        ExportSummary sums,
        IProgress<RejectedTask>? rejects,
        CancellationToken cancellationToken
    )
    {
        if (TaskDocument.Make(task, original, out var reason) is not { } document)
        {
            rejects?.Report(new RejectedTask(task.Uid, reason));
            return sums with { Tasks = sums.Tasks + 1, Rejected = sums.Rejected + 1 };
        }

        await target.WriteAsync(document, cancellationToken);
        return sums with { Tasks = sums.Tasks + 1, Exported = sums.Exported + 1 };
    }

    private static async IAsyncEnumerable<(EventixTask Task, byte[]? Original)> ReadAsync(
        NpgsqlConnection connection,
        ExportTasks command,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // A target that is slower than the database holds the statement back for as long as it takes.
        await using var select = new NpgsqlCommand(Select, connection) { CommandTimeout = 0 };
        select
            .Parameters.With<string[]?>(OrAll(command.Namespaces), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With<string[]?>(OrAll(command.Statuses?.Select(status => status.ToText())), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With<DateTimeOffset?>(command.Since?.ToUniversalTime(), NpgsqlDbType.TimestampTz);

        var rows = await select.ExecuteReaderAsync(cancellationToken);
        var isAtEnd = false;
        try
        {
            while (await rows.ReadAsync(cancellationToken))
                yield return (TaskRow.Read(rows), rows.IsDBNull(TaskRow.Count) ? null : rows.GetFieldValue<byte[]>(TaskRow.Count));

            isAtEnd = true;
        }
        finally
        {
            // Closing a reader reads what is left, and that may be millions of rows.
            if (!isAtEnd)
                select.Cancel();
            await rows.DisposeAsync();
        }
    }

    private static string[]? OrAll(IEnumerable<string>? only) => only?.ToArray() is { Length: > 0 } some ? some : null;
}
