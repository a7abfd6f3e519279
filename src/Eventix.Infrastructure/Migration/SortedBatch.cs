using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration;

/// <summary>A batch, by what is to be done with its documents.</summary>
internal sealed class SortedBatch
{
    /// <summary>In the order of the source, with the replaced ones.</summary>
    public List<SourceTask> ToStore { get; } = [];

    /// <summary>Those that take the place of a stored task, and whether somebody here had written that.</summary>
    public List<(SourceTask Task, bool IsConflict)> Replaced { get; } = [];

    /// <summary>With the reason; null for what an earlier import has stored.</summary>
    public List<(SourceTask Task, string? Reason)> Skipped { get; } = [];

    /// <summary>Those of them that no import has met before.</summary>
    public List<SourceTask> NewlySkipped { get; } = [];

    /// <exception cref="ImportConflictException">The import is to fail at one of them.</exception>
    public static SortedBatch Of(
        IReadOnlyList<SourceTask> batch,
        Dictionary<string, KnownDocument> known,
        bool force,
        ImportConflictRule rule
    )
    {
        var sorted = new SortedBatch();
        foreach (var task in batch)
        {
            var found = known.GetValueOrDefault(task.Uid);
            var decision = found?.Decide(task, force, rule) ?? ImportDecision.Store;
            if (decision.Action == ImportAction.Skip)
            {
                sorted.Skipped.Add((task, decision.Reason));
                if (found!.Outcome is null)
                    sorted.NewlySkipped.Add(task);
                continue;
            }

            sorted.ToStore.Add(task);
            if (decision.Action == ImportAction.Replace)
                sorted.Replaced.Add((task, decision.IsConflict));
        }

        return sorted;
    }
}
