using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Migration;

/// <summary>What is to be done with a batch so that at most one task waits under each unique key.</summary>
internal sealed class MergePlan
{
    /// <summary>The documents that become rows, in the order of the file, with what was merged into them.</summary>
    public List<SourceTask> Inserts { get; } = [];

    /// <summary>Stored tasks that documents were merged into.</summary>
    public List<WaitingTask> Updates { get; } = [];

    /// <summary>
    /// Stored tasks that go into an older document, each with the uid of that, and with the document that it was: null when there was none, or
    /// when somebody has written the task since.
    /// </summary>
    public List<(EventixTask Task, string Into, byte[]? Document)> Deletes { get; } = [];

    /// <summary>Documents that do not become rows, each with the uid of the task that they were merged into.</summary>
    public List<(SourceTask Task, string Into)> MergedAway { get; } = [];

    /// <summary>For the tasks that were merged into: at which revision their args and kwargs come from which task.</summary>
    public Dictionary<string, (long Revision, TaskAge From)> Arguments { get; } = new(StringComparer.Ordinal);

    /// <summary>The counters of <see cref="Updates"/> behind them.</summary>
    public List<(string Uid, long Revision)> Revisions { get; } = [];

    /// <param name="documents">Complete, in the order of the file.</param>
    /// <param name="stored">The stored waiting tasks of their keys.</param>
    /// <param name="notes">Of those: what earlier plans have left.</param>
    public static MergePlan Make(
        IReadOnlyList<SourceTask> documents,
        IReadOnlyList<EventixTask> stored,
        Dictionary<string, ImportNote> notes
    )
    {
        var plan = new MergePlan();
        var rows = stored.ToDictionary(row => (row.Namespace, row.UniqueKey));
        var survivors = new Dictionary<string, SourceTask>(StringComparer.Ordinal);

        foreach (var group in documents.Where(document => document.IsWaitingForKey).GroupBy(document => document.Key))
        {
            var row = rows.GetValueOrDefault(group.Key);
            if (row is not null || group.Skip(1).Any())
                plan.Merge([.. group], row, notes, survivors);
        }

        var gone = plan.MergedAway.Select(merged => merged.Task.Uid).ToHashSet(StringComparer.Ordinal);
        plan.Inserts.AddRange(
            documents
                .Where(document => !gone.Contains(document.Uid))
                .Select(document => survivors.GetValueOrDefault(document.Uid, document))
        );
        return plan;
    }

    private void Merge(
        List<SourceTask> documents,
        EventixTask? row,
        Dictionary<string, ImportNote> notes,
        Dictionary<string, SourceTask> survivors
    )
    {
        var tasks = documents.Select(document => document.AsWaiting()).ToList();
        if (row is not null)
            tasks.Add(AsWaiting(row, notes.GetValueOrDefault(row.Uid)));

        var merged = tasks.Aggregate((one, other) => one.MergedWith(other));
        MergedAway.AddRange(documents.Where(document => document.Uid != merged.Uid).Select(document => (document, merged.Uid)));

        if (row is not null && row.Uid == merged.Uid)
        {
            Updates.Add(merged);
            Revisions.Add((row.Uid, row.RevisionCounter + 1));
            Arguments[row.Uid] = (row.RevisionCounter + 1, merged.ArgumentsFrom);
            return;
        }

        if (row is not null)
            Deletes.Add((row, merged.Uid, notes.GetValueOrDefault(row.Uid) is { } note && IsUntouched(row, note) ? note.Document : null));

        var survivor = documents.First(document => document.Uid == merged.Uid).With(merged);
        survivors.Add(survivor.Uid, survivor);
        Arguments[survivor.Uid] = (survivor.RevisionCounter, merged.ArgumentsFrom);
    }

    /// <summary>What is to be kept beside the tasks and the documents of this plan.</summary>
    /// <param name="before">What was kept of the stored ones.</param>
    public List<ImportNote> Notes(Dictionary<string, ImportNote> before) =>
        [
            .. Inserts
                .Where(task => task.Original is not null || task.IsWaitingForKey)
                .Select(task => task.IsWaitingForKey ? Note(task) : new ImportNote { Uid = task.Uid, Original = task.Original }),
            .. Updates.Select(task => Note(task, before.GetValueOrDefault(task.Uid))),
            .. MergedAway.Select(merged => new ImportNote { Uid = merged.Task.Uid, Document = merged.Task.Document }),
            .. Deletes.Select(delete => new ImportNote
            {
                Uid = delete.Task.Uid,
                Document = delete.Document ?? ImportReport.TryMakeBson(delete.Task),
            }),
        ];

    /// <summary>Of a document that waits for its key: an older one may still come, and then this one is to be told whole.</summary>
    private ImportNote Note(SourceTask task)
    {
        var (revision, from) = Arguments.GetValueOrDefault(task.Uid, (task.RevisionCounter, task.AsWaiting().Age));
        return new ImportNote
        {
            Uid = task.Uid,
            Original = task.Original,
            Document = task.Document,
            ArgumentsRevision = revision,
            ArgumentsCreatedAt = from.CreatedAt,
            ArgumentsUid = from.Uid,
        };
    }

    private ImportNote Note(WaitingTask task, ImportNote? before)
    {
        var (revision, from) = Arguments[task.Uid];
        return new ImportNote
        {
            Uid = task.Uid,
            Original = OriginalValues.Merged(task.ArgumentsOriginal, before?.Original),
            Document = before?.ArgumentsRevision == revision - 1 ? before.Document : null,
            ArgumentsRevision = revision,
            ArgumentsCreatedAt = from.CreatedAt,
            ArgumentsUid = from.Uid,
        };
    }

    private static bool IsUntouched(EventixTask row, ImportNote note) => note.ArgumentsRevision == row.RevisionCounter;

    private static WaitingTask AsWaiting(EventixTask row, ImportNote? note)
    {
        var age = new TaskAge(row.CreatedAt, row.Uid);

        // Of a row that somebody else has written since, nobody knows how old its args are: as old as itself, then.
        var from =
            note is not null && IsUntouched(row, note) ? new TaskAge(note.ArgumentsCreatedAt.GetValueOrDefault(), note.ArgumentsUid!) : age;

        return new WaitingTask(age, row.Eta, row.Priority, row.Status, row.Args, row.Kwargs, from, note?.Original);
    }
}
