using Eventix.Domain.Tasks;

namespace Eventix.Application.Tasks;

/// <summary>Takes the outcomes of claimed tasks back, many at a time, each fenced by the revision of its claim.</summary>
public interface ITaskWriteBacks
{
    /// <summary>
    /// Writes all outcomes in one statement and returns what became of each, in the order given. A stale one changes nothing and does not
    /// touch its neighbours.
    /// </summary>
    Task<IReadOnlyList<WriteBackAnswer>> WriteBackAsync(IReadOnlyList<TaskWriteBack> outcomes, CancellationToken cancellationToken);
}

/// <param name="Claimed">The task as it was claimed.</param>
public sealed record TaskWriteBack(EventixTask Claimed, TaskOutcome Outcome);

/// <summary>What became of a written-back outcome.</summary>
public enum WriteBackAnswer
{
    Written,

    /// <summary>Finished, and not to be kept.</summary>
    Deleted,

    /// <summary>Ended as `error`, because another task waits under its unique key.</summary>
    Superseded,

    /// <summary>The lease was lost: somebody else wrote the task since. Nothing was changed.</summary>
    Stale,
}
