using Eventix.Application.Messaging;
using Eventix.Domain.Tasks;
using FluentValidation;

namespace Eventix.Application.Migration;

/// <summary>
/// Writes tasks as the old server stores them: the way back. All of them are from one moment. Answered in Infrastructure, where the document's
/// layout is known.
/// </summary>
/// <param name="To">A folder, a file, or `mongodb://…` with the name of a database in it.</param>
/// <param name="Database">For <see cref="ExportFormat.Mongodump"/>: the database's name, which is the name of a folder.</param>
/// <param name="Gzip">Packs the files of a dump. Not for <see cref="ExportFormat.CliDump"/> and <see cref="ExportFormat.MongoDb"/>.</param>
/// <param name="Replace">Files that are there are overwritten; documents of a collection that is not empty are replaced by `_id`.</param>
/// <param name="Namespaces">Only these; all when empty.</param>
/// <param name="Statuses">Only these; all when empty.</param>
/// <param name="Since">Only what was written at this time or later.</param>
/// <exception cref="TargetException">The target cannot be used, holds something already, or fails.</exception>
public sealed record ExportTasks(
    string To,
    ExportFormat Format,
    string Database = ExportTasks.DefaultDatabase,
    bool Gzip = false,
    bool Replace = false,
    IReadOnlyList<string>? Namespaces = null,
    IReadOnlyList<EventixTaskStatus>? Statuses = null,
    DateTimeOffset? Since = null,
    IProgress<ExportSummary>? Progress = null,
    IProgress<RejectedTask>? Rejects = null
) : ICommand<ExportSummary>
{
    public const string DefaultDatabase = "eventix";
}

public enum ExportFormat
{
    /// <summary>`DATABASE/task.bson` and its metadata, for mongorestore.</summary>
    Mongodump,

    /// <summary>Canonical Extended JSON v2, a document a line, for mongoimport.</summary>
    Mongoexport,

    /// <summary>One JSON file per task, for the `restore` of the Python CLI.</summary>
    CliDump,

    /// <summary>A running MongoDB.</summary>
    MongoDb,
}

/// <summary>Every task that was read ends as one of the next two.</summary>
/// <param name="Rejected">Tasks that MongoDB cannot hold.</param>
/// <param name="Removed">Documents taken out of the collection, because their tasks have been finished and deleted here, or merged.</param>
public sealed record ExportSummary(long Tasks, long Exported, long Rejected, long Removed);

/// <summary>A task that was not exported, and why.</summary>
public sealed record RejectedTask(string Uid, string Reason);

internal sealed class ExportTasksValidator : AbstractValidator<ExportTasks>
{
    public ExportTasksValidator()
    {
        RuleFor(command => command.To).NotEmpty();

        // It becomes a folder, and MongoDB's own rule for names.
        RuleFor(command => command.Database)
            .Matches("""\A[^/\\. "$*<>:|?\x00]{1,63}\z""")
            .WithMessage("A database's name has 1 to 63 characters, none of them a space or one of / \\ . \" $ * < > : | ?");
    }
}
