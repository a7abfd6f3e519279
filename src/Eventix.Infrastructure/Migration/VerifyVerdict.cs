using Eventix.Application.Migration;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Migration;

/// <summary>What stands here under the uid of a document.</summary>
/// <param name="Row">Null when there is no such task.</param>
/// <param name="Ledger">What an import has made of the document; null when none has seen it.</param>
/// <param name="LedgerRevision">The document's `_rev` at that import.</param>
/// <param name="StoredRevision">The counter at which the import left the task.</param>
/// <param name="HoldsOthers">Whether other documents were merged into the task.</param>
internal readonly record struct VerifyTarget(
    EventixTask? Row,
    string? Ledger,
    string? LedgerRevision,
    long? StoredRevision,
    bool HoldsOthers
);

/// <summary>Judges a document by what stands here.</summary>
internal static class VerifyVerdict
{
    // A heartbeat extends the lease and leaves the revision as it is, so that the worker's own token stays good.
    private static readonly HashSet<string> MovedByHeartbeats = new(StringComparer.Ordinal) { "worker_expires", "updated_time" };

    private static readonly HashSet<string> MovedByRelease = new(StringComparer.Ordinal) { "status", "worker_id" };

    public static VerifyFinding Of(SourceTask source, VerifyTarget target) =>
        target.Row is { } row ? OfRow(source, row, target) : new VerifyFinding(source.Uid, WithoutRow(source, target), []);

    private static VerifyOutcome WithoutRow(SourceTask source, VerifyTarget target) =>
        target.Ledger switch
        {
            null => VerifyOutcome.Missing,
            ImportLedgerEntry.Merged => VerifyOutcome.Merged,
            ImportLedgerEntry.Skipped => VerifyOutcome.Skipped,
            _ => IsAsImported(source, target) ? VerifyOutcome.GoneHere : VerifyOutcome.ChangedInSource,
        };

    private static VerifyFinding OfRow(SourceTask source, EventixTask row, VerifyTarget target)
    {
        var (document, stored) = (TaskContent.Of(source), TaskContent.Of(row, source));
        var fields = document.DifferencesTo(stored);

        // Where nothing differs they are the same, and nobody asks for them.
        return new VerifyFinding(
            source.Uid,
            OfFields(source, row, target, fields),
            fields,
            fields.Count == 0 ? null : (document.Hash(document), stored.Hash(document))
        );
    }

    private static VerifyOutcome OfFields(SourceTask source, EventixTask row, VerifyTarget target, IReadOnlyList<VerifyField> fields)
    {
        // Whether it came from there, or went there by an export.
        if (fields.Count == 0 && string.Equals(source.Task.Revision, row.WireRevision, StringComparison.Ordinal))
            return VerifyOutcome.Equal;

        if (target.Ledger == ImportLedgerEntry.Skipped)
            return VerifyOutcome.Skipped;

        if (target.Ledger is null)
            return VerifyOutcome.Different;

        if (!IsAsImported(source, target))
            return VerifyOutcome.ChangedInSource;

        if (!IsUntouched(source, row, target))
            return VerifyOutcome.ChangedHere;

        if (fields.Count == 0)
            return VerifyOutcome.Equal;

        if (target.HoldsOthers)
            return VerifyOutcome.Merged;

        return IsLeaseOnly(source, row, fields) ? VerifyOutcome.ChangedHere : VerifyOutcome.Different;
    }

    /// <summary>Whether nobody has written the task since it was imported.</summary>
    private static bool IsUntouched(SourceTask source, EventixTask row, VerifyTarget target)
    {
        if (target.StoredRevision is { } stored)
            return row.RevisionCounter == stored;

        // The first version of the import recorded no counter. A task that came with a revision shows it until it is written.
        return row.ImportedRevision is not null || (source.ImportedRevision is null && row.RevisionCounter == 1);
    }

    /// <summary>A running task whose lease was extended, or released by the import itself.</summary>
    private static bool IsLeaseOnly(SourceTask source, EventixTask row, IReadOnlyList<VerifyField> fields) =>
        source.Task.Status == EventixTaskStatus.Processing
        && fields.All(field =>
            MovedByHeartbeats.Contains(field.Name)
            || (row.WorkerId is null && row.Status.IsWaiting() && MovedByRelease.Contains(field.Name))
        );

    private static bool IsAsImported(SourceTask source, VerifyTarget target) =>
        string.Equals(target.LedgerRevision, source.Task.Revision, StringComparison.Ordinal);
}
