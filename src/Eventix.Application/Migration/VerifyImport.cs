using Eventix.Application.Messaging;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Migration;

/// <summary>
/// Compares a source with the tasks here, document by document, and names every difference that nothing explains. Both may be written to
/// meanwhile: what differs is read again from both. Writes nothing. Answered in Infrastructure.
/// </summary>
/// <param name="From">As for the import.</param>
/// <param name="Namespaces">Only these; all when empty.</param>
/// <param name="Statuses">Only documents of these; all when empty.</param>
/// <param name="Findings">Told every difference, once it is settled.</param>
/// <param name="RereadAfter">How long what differs is left alone before it is read again; half a second unless given.</param>
/// <exception cref="SourceException">The source cannot be read.</exception>
/// <exception cref="CorruptDumpException">The source cannot be read to its end.</exception>
public sealed record VerifyImport(
    string From,
    IReadOnlyList<string>? Namespaces = null,
    IReadOnlyList<EventixTaskStatus>? Statuses = null,
    IProgress<VerifyFinding>? Findings = null,
    IProgress<VerifySummary>? Progress = null,
    TimeSpan? RereadAfter = null
) : ICommand<VerifySummary>;

/// <summary>What was found of one document, or of one task that has none.</summary>
public enum VerifyOutcome
{
    /// <summary>The task is what the import makes of the document.</summary>
    Equal,

    /// <summary>It has been written here since it was imported: claimed, run, rescheduled, merged into.</summary>
    ChangedHere,

    /// <summary>It was imported, and has been finished and deleted here since.</summary>
    GoneHere,

    /// <summary>The import has merged it into the waiting task of its unique key.</summary>
    Merged,

    /// <summary>The import has left it out, since its uid was in use here.</summary>
    Skipped,

    /// <summary>It is no task; the import rejects it.</summary>
    Rejected,

    /// <summary>There is no such task, and no import has dealt with the document.</summary>
    Missing,

    /// <summary>The task differs, although it has not been written since the import.</summary>
    Different,

    /// <summary>The document has been written since it was imported: `import --since` brings it over.</summary>
    ChangedInSource,

    /// <summary>The task waits or runs here, was imported, and is in the source no longer.</summary>
    GoneFromSource,
}

/// <summary>One document that is not equal.</summary>
/// <param name="Fields">The fields that differ; empty where there are not two tasks to compare.</param>
/// <param name="Hashes">SHA-256 of what both hold, where that differs.</param>
/// <param name="Reason">Of a rejected document.</param>
public sealed record VerifyFinding(
    string Uid,
    VerifyOutcome Outcome,
    IReadOnlyList<VerifyField> Fields,
    (string Source, string Target)? Hashes = null,
    string? Reason = null
)
{
    /// <summary>Whether nothing explains it.</summary>
    public bool IsDifference => Outcome >= VerifyOutcome.Missing;
}

/// <summary>A field that differs, with both values as JSON. They are payloads: not for a log.</summary>
public sealed record VerifyField(string Name, string Source, string Target);

/// <summary>How many tasks have this namespace and status.</summary>
/// <param name="Source">Of the documents, as they are imported.</param>
/// <param name="Target">Of the tasks here, those included that were posted here.</param>
public sealed record VerifyCount(string Namespace, string Status, long Source, long Target);

/// <summary>Every document ends as exactly one of <see cref="Outcomes"/>; tasks that are gone from the source are no documents.</summary>
/// <param name="Documents">Documents that were compared.</param>
/// <param name="PostedHere">Tasks that no import has brought.</param>
/// <param name="FinishedAndGoneFromSource">Finished tasks that were imported and that the source has deleted since.</param>
public sealed record VerifySummary(
    long Documents,
    IReadOnlyDictionary<VerifyOutcome, long> Outcomes,
    IReadOnlyList<VerifyCount> Counts,
    long PostedHere,
    long FinishedAndGoneFromSource
)
{
    /// <summary>How many differences nothing explains.</summary>
    public long Differences => Outcomes.Where(outcome => outcome.Key >= VerifyOutcome.Missing).Sum(outcome => outcome.Value);
}
