using Eventix.Application.Messaging;
using Eventix.Domain.Tasks;
using FluentValidation;

namespace Eventix.Application.Migration;

/// <summary>
/// Loads documents of the old server's `task` collection, from a dump or from the running MongoDB. Answered in Infrastructure, where the
/// document's layout is known. An import that broke off goes on where it stopped.
/// </summary>
/// <param name="From">A file, a folder, or the `mongodb://` address of a database.</param>
/// <param name="ReportFile">Where documents that do not become tasks go, one JSON object a line with reason and whole document.</param>
/// <param name="BatchSize">Documents per transaction.</param>
/// <param name="Force">Also creates tasks again that an earlier import has recorded and that are gone since.</param>
/// <param name="Progress">Told the sums so far after every batch.</param>
/// <exception cref="CorruptDumpException">The file cannot be read to its end; the documents before have been imported.</exception>
/// <exception cref="SourceException">The source cannot be read, or no longer; the documents before have been imported.</exception>
/// <exception cref="ImportConflictException">A task is here already, and the import was to fail at that.</exception>
public sealed record ImportDump(
    string From,
    string ReportFile,
    int BatchSize = 1000,
    bool Force = false,
    IProgress<ImportProgress>? Progress = null
) : ICommand<ImportSummary>
{
    public const int LargestBatch = 100_000;
    public const int HighestRate = 1_000_000;

    /// <summary>Does everything but the writing: the report and the sums are those of the import.</summary>
    public bool DryRun { get; init; }

    /// <summary>Begins at the first document, also when an import of this source broke off.</summary>
    public bool Restart { get; init; }

    /// <summary>Only documents that were written at this time or later, or that do not say when.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only documents of these; empty for all.</summary>
    public IReadOnlyCollection<string> Namespaces { get; init; } = [];

    /// <summary>Only documents in these; empty for all.</summary>
    public IReadOnlyCollection<EventixTaskStatus> Statuses { get; init; } = [];

    /// <summary>Documents per second at most; null for as many as can be.</summary>
    public int? Rate { get; init; }

    /// <summary>Frees running tasks, and waiting ones that a worker still holds, at once instead of at the end of their leases.</summary>
    public bool ReleaseLeases { get; init; }

    public ImportConflictRule OnConflict { get; init; }
}

/// <summary>What is done with a document whose task is here already and is not, or no longer, what an import has stored.</summary>
public enum ImportConflictRule
{
    /// <summary>The task stays, the document goes to the report.</summary>
    Skip,

    /// <summary>The one that was written last stays, the other one goes to the report.</summary>
    UpdateIfNewer,

    /// <summary>The import ends; nothing of its batch is stored.</summary>
    Fail,
}

internal sealed class ImportDumpValidator : AbstractValidator<ImportDump>
{
    public ImportDumpValidator()
    {
        RuleFor(command => command.BatchSize).InclusiveBetween(1, ImportDump.LargestBatch);
        RuleFor(command => command.Rate).InclusiveBetween(1, ImportDump.HighestRate);
    }
}

/// <summary>Every document that was read ends as exactly one of the others.</summary>
/// <param name="Read">Documents outside of the chosen namespaces, statuses and times are not counted.</param>
/// <param name="Imported">With those that replaced what an earlier import had stored.</param>
/// <param name="Merged">Waiting documents that went into the older waiting one of their unique key.</param>
/// <param name="Skipped">Documents of an earlier import, or whose uid was in use already.</param>
public sealed record ImportSummary(long Read, long Imported, long Merged, long Skipped, long Rejected)
{
    public bool AddsUp => Read == Imported + Merged + Skipped + Rejected;
}

/// <summary>How far an import is.</summary>
/// <param name="Fraction">Of the source, from 0 to 1; null when nobody knows.</param>
/// <param name="Notice">Something the operator should know; null after a batch.</param>
public sealed record ImportProgress(ImportSummary Sums, double? Fraction, string? Notice = null);
