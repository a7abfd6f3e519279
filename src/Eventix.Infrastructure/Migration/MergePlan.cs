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

    /// <param name="documents">Complete, in the order of the file.</param>
    /// <param name="stored">The stored waiting tasks of their keys.</param>
    /// <param name="arguments">Of earlier plans.</param>
    public static MergePlan Make(
        IReadOnlyList<SourceTask> documents,
        IReadOnlyList<EventixTask> stored,
        Dictionary<string, (long Revision, TaskAge From)> arguments
    )
    {
        var plan = new MergePlan();
        var rows = stored.ToDictionary(row => (row.Namespace, row.UniqueKey));
        var survivors = new Dictionary<string, SourceTask>(StringComparer.Ordinal);

        foreach (var group in documents.Where(document => document.IsWaitingForKey).GroupBy(document => document.Key))
        {
            var row = rows.GetValueOrDefault(group.Key);
            if (row is not null || group.Skip(1).Any())
                plan.Merge([.. group], row, arguments, survivors);
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
        Dictionary<string, (long Revision, TaskAge From)> arguments,
        Dictionary<string, SourceTask> survivors
    )
    {
        var tasks = documents.Select(document => document.AsWaiting()).ToList();
        if (row is not null)
            tasks.Add(AsWaiting(row, arguments));

        var merged = tasks.Aggregate((one, other) => one.MergedWith(other));
        MergedAway.AddRange(documents.Where(document => document.Uid != merged.Uid).Select(document => (document, merged.Uid)));

        if (row is not null && row.Uid == merged.Uid)
        {
            Updates.Add(merged);
            Arguments[row.Uid] = (row.RevisionCounter + 1, merged.ArgumentsFrom);
            return;
        }

        if (row is not null)
            Deletes.Add((row, merged.Uid));

        var survivor = documents.First(document => document.Uid == merged.Uid).With(merged);
        survivors.Add(survivor.Uid, survivor);
        Arguments[survivor.Uid] = (survivor.RevisionCounter, merged.ArgumentsFrom);
    }

    private static WaitingTask AsWaiting(EventixTask row, Dictionary<string, (long Revision, TaskAge From)> arguments)
    {
        var age = new TaskAge(row.CreatedAt, row.Uid);

        // Of a row that somebody else has written since, nobody knows how old its args are: as old as itself, then.
        var from = arguments.TryGetValue(row.Uid, out var known) && known.Revision == row.RevisionCounter ? known.From : age;

        return new WaitingTask(age, row.Eta, row.Priority, row.Status, row.Args, row.Kwargs, from);
    }
}
