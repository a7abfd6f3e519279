using Eventix.Application.Messaging;
using FluentValidation;

namespace Eventix.Application.Migration;

/// <summary>
/// Loads a mongodump file of the old server's `task` collection. Answered in Infrastructure, where the document's layout is known.
/// </summary>
/// <param name="File">Path of the `.bson` file.</param>
/// <param name="RejectsFile">Where documents that cannot be imported go, one JSON object a line with reason and whole document.</param>
/// <param name="BatchSize">Documents per transaction.</param>
/// <param name="Force">Also creates tasks again that an earlier import has recorded and that are gone since.</param>
/// <param name="Progress">Told the sums so far after every batch.</param>
/// <exception cref="CorruptDumpException">The file cannot be read to its end; the documents before have been imported.</exception>
public sealed record ImportDump(
    string File,
    string RejectsFile,
    int BatchSize = 1000,
    bool Force = false,
    IProgress<ImportSummary>? Progress = null
) : ICommand<ImportSummary>
{
    public const int LargestBatch = 100_000;
}

internal sealed class ImportDumpValidator : AbstractValidator<ImportDump>
{
    public ImportDumpValidator() => RuleFor(command => command.BatchSize).InclusiveBetween(1, ImportDump.LargestBatch);
}

/// <summary>Every document that was read ends as exactly one of the others.</summary>
/// <param name="Merged">Waiting documents that went into the older waiting one of their unique key.</param>
/// <param name="Skipped">Documents of an earlier import, or whose uid was in use already.</param>
public sealed record ImportSummary(long Read, long Imported, long Merged, long Skipped, long Rejected);
