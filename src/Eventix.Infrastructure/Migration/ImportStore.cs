using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Migration.Sources;
using Eventix.Infrastructure.Persistence;
using FluentValidation;
using Npgsql;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// Stores batches, each in one transaction with its entries of the ledger and the checkpoint: all of it or nothing. A live server may post, claim
/// and write meanwhile; batches of several imports at once take turns.
/// </summary>
internal sealed class ImportStore(
    ImportConnections connections,
    ImportReport report,
    ImportDump command,
    ImportCheckpoints checkpoints,
    ImportLedger ledger,
    IValidator<NewTask> rules
)
{
    // Also the clock: what a document leaves open begins in the same moment for the whole batch.
    private const string Begin = "SELECT now() FROM (SELECT pg_advisory_xact_lock(7024031526)) AS turn";

    private const string Part = "part";
    private const int MostAttempts = 20;

    /// <summary>Stores a batch of documents with different uids. Returns the sums with it.</summary>
    /// <param name="position">Behind its last document.</param>
    /// <exception cref="PostgresException">The database fails.</exception>
    /// <exception cref="ImportConflictException">The import is to fail at a conflict.</exception>
    public async Task<ImportSummary> StoreAsync(
        IReadOnlyList<SourceTask> batch,
        LegacyPosition position,
        ImportSummary sums,
        CancellationToken cancellationToken
    )
    {
        var pending = report.Pending;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryStoreAsync(batch, position, sums, cancellationToken);
            }
            catch (Exception race) when (attempt < MostAttempts && IsRace(race))
            {
                // Nothing was stored; the next look sees what came in between.
                report.CutTo(pending);
            }
        }
    }

    /// <summary>Records that the source was read to its end.</summary>
    public Task FinishAsync(CancellationToken cancellationToken) =>
        command.DryRun ? Task.CompletedTask : checkpoints.FinishAsync(cancellationToken);

    private static bool IsRace(Exception failure) =>
        failure is TaskWrittenException
        || failure is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected };

    private async Task<ImportSummary> TryStoreAsync(
        IReadOnlyList<SourceTask> batch,
        LegacyPosition position,
        ImportSummary sums,
        CancellationToken cancellationToken
    )
    {
        await using var lease = await connections.OpenAsync(batch, cancellationToken);
        var connection = lease.Connection;
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        var now = await BeginAsync(connection, cancellationToken);
        if (batch.Count > 0)
            sums = await StoreAsync(transaction, batch, now, sums, cancellationToken);

        // Before the commit: should that fail, a line too many says what would have been, and nothing is lost.
        await report.FlushAsync(cancellationToken);
        if (!command.DryRun)
            await checkpoints.SaveAsync(connection, position, sums, report.Length, cancellationToken);

        await transaction.CommitAsync(cancellationToken);
        return sums;
    }

    private static async Task<DateTimeOffset> BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var begin = new NpgsqlCommand(Begin, connection);
        await using var row = await begin.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);

        return row.GetFieldValue<DateTimeOffset>(0);
    }

    /// <summary>Stores the tasks. One that the database refuses for what it holds must not keep the others out: it is found by halving.</summary>
    private async Task<ImportSummary> StoreAsync(
        NpgsqlTransaction transaction,
        IReadOnlyList<SourceTask> tasks,
        DateTimeOffset now,
        ImportSummary sums,
        CancellationToken cancellationToken
    )
    {
        var pending = report.Pending;
        await transaction.SaveAsync(Part, cancellationToken);
        try
        {
            var stored = await StoreTogetherAsync(transaction.Connection!, tasks, now, cancellationToken);
            await transaction.ReleaseAsync(Part, cancellationToken);
            return new ImportSummary(
                sums.Read + tasks.Count,
                sums.Imported + stored.Imported,
                sums.Merged + stored.Merged,
                sums.Skipped + stored.Skipped,
                sums.Rejected
            );
        }
        catch (PostgresException fault) when (fault.IsAboutTheData() && !IsRace(fault))
        {
            await transaction.RollbackAsync(Part, cancellationToken);
            report.CutTo(pending);
            if (tasks.Count == 1)
            {
                report.Add(ImportReasons.Refused(fault.MessageText), tasks[0].Document);
                return sums with { Read = sums.Read + 1, Rejected = sums.Rejected + 1 };
            }

            sums = await StoreAsync(transaction, [.. tasks.Take(tasks.Count / 2)], now, sums, cancellationToken);
            return await StoreAsync(transaction, [.. tasks.Skip(tasks.Count / 2)], now, sums, cancellationToken);
        }
    }

    private async Task<StoredBatch> StoreTogetherAsync(
        NpgsqlConnection connection,
        IReadOnlyList<SourceTask> batch,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var known = await ledger.FindKnownAsync(connection, batch, cancellationToken);
        var sorted = SortedBatch.Of(batch, known, command.Force, command.OnConflict);
        var returning = await TakeReplacedAwayAsync(connection, batch, sorted, known, cancellationToken);

        var fresh = sorted.ToStore.Concat(returning.Keys).Select(task => task.Completed(now)).ToList();
        var waiting = await ImportedTasks.FindWaitingAsync(connection, fresh, cancellationToken);
        var notes = await ImportNotes.FindAsync(connection, [.. waiting.Select(task => task.Uid)], cancellationToken);
        var plan = MergePlan.Make(fresh, waiting, notes);

        var mergedAway = plan.Deletes.ConvertAll(delete => (delete.Task.Uid, delete.Task.Id, delete.Task.RevisionCounter));
        await ImportedTasks.DeleteAsync(connection, mergedAway, cancellationToken);
        await ImportedTasks.UpdateAsync(connection, plan.Updates, cancellationToken);
        await ImportedTasks.CopyAsync(connection, plan.Inserts, cancellationToken);

        var returned = returning.ToDictionary(each => each.Key.Uid, each => each.Value, StringComparer.Ordinal);
        await ImportLedger.RecordAsync(
            connection,
            Entries(plan, sorted, returned),
            uid => known.ContainsKey(uid) || returned.ContainsKey(uid),
            cancellationToken
        );
        await ImportLedger.RecordUpdatedAsync(connection, plan.Revisions, cancellationToken);
        var moved = await ledger.RecordMergedAwayAsync(
            connection,
            plan.Deletes.ConvertAll(delete => (delete.Task.Uid, delete.Into)),
            cancellationToken
        );
        await ImportNotes.WriteAsync(connection, plan.Notes(notes), cancellationToken);

        Report(plan, sorted, returned);
        return Count(plan, sorted, returned, moved);
    }

    /// <summary>
    /// Deletes what newer documents replace. Answers the documents that had gone into such tasks: what becomes of them is decided again, as if
    /// they had come with their entries' times.
    /// </summary>
    private async Task<Dictionary<SourceTask, DateTimeOffset>> TakeReplacedAwayAsync(
        NpgsqlConnection connection,
        IReadOnlyList<SourceTask> batch,
        SortedBatch sorted,
        Dictionary<string, KnownDocument> known,
        CancellationToken cancellationToken
    )
    {
        var replaced = sorted.Replaced.ConvertAll(each =>
            (each.Task.Uid, known[each.Task.Uid].Task!.Id, known[each.Task.Uid].Task!.Revision)
        );
        var deleted = await ImportedTasks.DeleteAsync(connection, replaced, cancellationToken);
        if (deleted.Count < replaced.Count)
            throw new TaskWrittenException();

        var conflicts = sorted.Replaced.Where(each => each.IsConflict).Select(each => each.Task.Uid).ToHashSet(StringComparer.Ordinal);
        foreach (var task in deleted.Where(task => conflicts.Contains(task.Uid)))
            report.Add(ImportReasons.Replaced, task);

        List<string> uids = [.. deleted.Select(task => task.Uid)];
        await ImportNotes.DeleteAsync(connection, uids, cancellationToken);

        var returning = new Dictionary<SourceTask, DateTimeOffset>(ReferenceEqualityComparer.Instance);
        foreach (var (document, recordedAt) in await ImportLedger.FindMergedIntoAsync(connection, uids, batch, cancellationToken))
        {
            var task = SourceTask.Read(document, rules, out var reason) ?? throw new InvalidOperationException(reason);
            returning.Add(task, recordedAt);
        }

        return returning;
    }

    private List<ImportLedgerEntry> Entries(MergePlan plan, SortedBatch sorted, Dictionary<string, DateTimeOffset> returned)
    {
        return
        [
            .. plan.Inserts.Select(task => Entry(task, "imported", task.RevisionCounter, into: null)),
            .. plan.MergedAway.Select(merged => Entry(merged.Task, "merged", storedRevision: null, merged.Into)),
            .. sorted.NewlySkipped.Select(task => Entry(task, "skipped", storedRevision: null, into: null)),
        ];

        ImportLedgerEntry Entry(SourceTask task, string outcome, long? storedRevision, string? into) =>
            new()
            {
                Uid = task.Uid,
                SourceRevision = task.Task.Revision,
                Outcome = outcome,
                RecordedAt = returned.GetValueOrDefault(task.Uid, ledger.StartedAt),
                StoredRevision = storedRevision,
                MergedInto = into,
            };
    }

    private void Report(MergePlan plan, SortedBatch sorted, Dictionary<string, DateTimeOffset> returned)
    {
        foreach (var (task, into) in plan.MergedAway.Where(merged => !returned.ContainsKey(merged.Task.Uid)))
            report.Add(ImportReasons.MergedInto(into), task.Document);

        foreach (var (task, into, document) in plan.Deletes)
        {
            if (document is null)
                report.Add(ImportReasons.MergedInto(into), task);
            else
                report.Add(ImportReasons.MergedInto(into), document);
        }

        foreach (var (task, reason) in sorted.Skipped)
        {
            // What an earlier import has stored is no task that is missing here.
            if (reason is not null)
                report.Add(reason, task.Document);
        }
    }

    // Documents that come back were counted when they were read. Those of this run may move from one sum to the other.
    private StoredBatch Count(MergePlan plan, SortedBatch sorted, Dictionary<string, DateTimeOffset> returned, int moved)
    {
        var came = plan.Inserts.Count(task => IsOfThisRun(task.Uid));
        var imported = plan.Inserts.Count(task => !returned.ContainsKey(task.Uid)) - moved + came;
        var merged = plan.MergedAway.Count(each => !returned.ContainsKey(each.Task.Uid)) + moved - came;

        return new StoredBatch(imported, merged, sorted.Skipped.Count);

        bool IsOfThisRun(string uid) => returned.TryGetValue(uid, out var recordedAt) && recordedAt == ledger.StartedAt;
    }
}

/// <summary>What became of the documents of a batch. A task of an earlier batch that is merged away now counts as imported no longer.</summary>
internal readonly record struct StoredBatch(long Imported, long Merged, long Skipped);

/// <summary>Somebody has written a task between the look at it and its replacement.</summary>
internal sealed class TaskWrittenException() : Exception("A task was written while its document was looked at.");
