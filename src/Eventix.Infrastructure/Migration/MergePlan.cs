using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Migration;

/// <summary>What is to be done with a batch so that at most one task waits under each unique key.</summary>
internal sealed class MergePlan
{
    /// <summary>The documents that become rows, in the order of the file, with what was merged into them.</summary>
    public List<SourceTask> Inserts { get; } = [];

    /// <summary>Stored tasks that documents were merged into.</summary>
    public List<WaitingTask> Updates { get; } = [];

    /// <summary>Stored tasks that go into an older document, each with the uid of that.</summary>
    public List<(EventixTask Task, string Into)> Deletes { get; } = [];

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
            Deletes.Add((row, merged.Uid));

        var survivor = documents.First(document => document.Uid == merged.Uid).With(merged);
        survivors.Add(survivor.Uid, survivor);
        Arguments[survivor.Uid] = (survivor.RevisionCounter, merged.ArgumentsFrom);
    }

    /// <summary>What is to be kept beside the tasks and the documents of this plan.</summary>
    /// <param name="before">What was kept of the stored ones.</param>
    public List<ImportNote> Notes(Dictionary<string, ImportNote> before) =>
        [
            .. Inserts
                .Where(task => task.Original is not null || Arguments.ContainsKey(task.Uid))
                .Select(task => Note(task.Uid, task.Original)),
            .. Updates.Select(task =>
                Note(task.Uid, OriginalValues.Merged(task.ArgumentsOriginal, before.GetValueOrDefault(task.Uid)?.Original))
            ),
            .. MergedAway.Select(merged => new ImportNote { Uid = merged.Task.Uid, Document = merged.Task.Document }),
            .. Deletes.Select(delete => new ImportNote { Uid = delete.Task.Uid, Document = ImportReport.ToBson(delete.Task) }),
        ];

    private ImportNote Note(string uid, byte[]? original)
    {
        var isMerged = Arguments.TryGetValue(uid, out var arguments);
        return new ImportNote
        {
            Uid = uid,
            Original = original,
            ArgumentsRevision = isMerged ? arguments.Revision : null,
            ArgumentsCreatedAt = isMerged ? arguments.From.CreatedAt : null,
            ArgumentsUid = isMerged ? arguments.From.Uid : null,
        };
    }

    private static WaitingTask AsWaiting(EventixTask row, ImportNote? note)
    {
        var age = new TaskAge(row.CreatedAt, row.Uid);

        // Of a row that somebody else has written since, nobody knows how old its args are: as old as itself, then.
        var from =
            note?.ArgumentsRevision == row.RevisionCounter
                ? new TaskAge(note.ArgumentsCreatedAt.GetValueOrDefault(), note.ArgumentsUid!)
                : age;

        return new WaitingTask(age, row.Eta, row.Priority, row.Status, row.Args, row.Kwargs, from, note?.Original);
    }
}
