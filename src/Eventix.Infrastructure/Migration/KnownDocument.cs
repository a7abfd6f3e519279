using Eventix.Application.Migration;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Migration;

/// <summary>What the database knows of a document's uid: an entry of the ledger, or a task, or both.</summary>
/// <param name="Outcome">Of the ledger; null when no import has met the document.</param>
/// <param name="SourceRevision">The document's revision then.</param>
/// <param name="IsOfThisRun">Whether this very import has met it.</param>
/// <param name="MergedInto">The uid of the task that it went into.</param>
/// <param name="Task">The task of its uid; null when there is none.</param>
/// <param name="Survivor">The task that it went into; null when that is gone, or it went into none.</param>
internal sealed record KnownDocument(
    string? Outcome,
    string? SourceRevision,
    bool IsOfThisRun,
    string? MergedInto,
    KnownTask? Task,
    KnownTask? Survivor
)
{
    /// <summary>What is to be done with the document as it stands in the source now.</summary>
    /// <exception cref="ImportConflictException">The import is to fail at this.</exception>
    public ImportDecision Decide(SourceTask document, bool force, ImportConflictRule rule)
    {
        if (IsOfThisRun)
            return ImportDecision.Skip(ImportReasons.SameId);

        var isUnchanged = SourceRevision == document.Task.Revision;
        return Outcome switch
        {
            null => Conflict(document, rule, ImportReasons.InUse),
            "skipped" when Task is not null => Conflict(document, rule, ImportReasons.InUse),
            "skipped" => force ? ImportDecision.Store : ImportDecision.Skip(ImportReasons.SkippedBefore),
            "merged" => DecideMerged(document, isUnchanged, force, rule),
            _ when Task is null && force => ImportDecision.Store,
            _ when isUnchanged => ImportDecision.Skip(reason: null),
            _ when Task is null => ImportDecision.Skip(ImportReasons.Gone),
            _ when IsOlder(document) => ImportDecision.Skip(ImportReasons.OlderDocument),
            _ when Task.IsUntouched => ImportDecision.Replace(isConflict: false),
            _ => Conflict(document, rule, ImportReasons.ChangedHere),
        };
    }

    // A file that was put together from several dumps, or an old one after a newer one: every write at the source counts on.
    private bool IsOlder(SourceTask document) =>
        Revision.TryReadCounter(SourceRevision, out var imported)
        && document.RevisionCounter <= imported
        && document.UpdatedAt is { } updatedAt
        && updatedAt <= Task!.UpdatedAt;

    private ImportDecision DecideMerged(SourceTask document, bool isUnchanged, bool force, ImportConflictRule rule)
    {
        if (Task is not null)
            return Conflict(document, rule, ImportReasons.InUse);
        if (force)
            return ImportDecision.Store;
        if (isUnchanged)
            return ImportDecision.Skip(ImportReasons.MergedBefore);

        // What no longer waits runs nothing. What still waits has run here already when the task that it went into has.
        return !document.Task.Status.IsWaiting() || Survivor is { IsUntouched: true }
            ? ImportDecision.Store
            : ImportDecision.Skip(ImportReasons.MergedIntoRun(MergedInto ?? "another task"));
    }

    private ImportDecision Conflict(SourceTask document, ImportConflictRule rule, string reason) =>
        rule switch
        {
            ImportConflictRule.Fail => throw new ImportConflictException(document.Uid, $"was not imported: {reason}"),
            ImportConflictRule.UpdateIfNewer => document.UpdatedAt > Task!.UpdatedAt
                ? ImportDecision.Replace(isConflict: true)
                : ImportDecision.Skip($"{reason}; {ImportReasons.Older}"),
            _ => ImportDecision.Skip(reason),
        };
}

/// <summary>A stored task, as far as an import has to know it.</summary>
/// <param name="IsUntouched">Whether nobody but imports has written it.</param>
internal sealed record KnownTask(long Id, long Revision, DateTimeOffset UpdatedAt, bool IsUntouched)
{
    /// <param name="revision">The task's counter.</param>
    /// <param name="showsImported">Whether it still shows its old revision.</param>
    /// <param name="storedRevision">The counter at which the import left it; null when it never had it.</param>
    /// <param name="sourceRevision">The document's revision then.</param>
    public static bool IsLeftAlone(long revision, bool showsImported, long? storedRevision, string? sourceRevision)
    {
        if (revision != storedRevision)
            return false;

        // One that was deleted and posted again may have come to the same number; but it does not show the old revision.
        var shouldShow = Domain.Tasks.Revision.TryReadCounter(sourceRevision, out var counter) && counter > 0 && counter == storedRevision;
        return !shouldShow || showsImported;
    }
}

/// <summary>What is to be done with a document that is known.</summary>
internal readonly record struct ImportDecision(ImportAction Action, string? Reason, bool IsConflict)
{
    public static ImportDecision Store => new(ImportAction.Store, Reason: null, IsConflict: false);

    /// <param name="reason">For the report; null for what an earlier import has stored and what has not changed since.</param>
    public static ImportDecision Skip(string? reason) => new(ImportAction.Skip, reason, IsConflict: false);

    /// <param name="isConflict">Whether what is replaced goes to the report.</param>
    public static ImportDecision Replace(bool isConflict) => new(ImportAction.Replace, Reason: null, isConflict);
}

internal enum ImportAction
{
    Store,
    Replace,
    Skip,
}
