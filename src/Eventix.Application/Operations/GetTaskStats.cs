using Eventix.Application.Messaging;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Operations;

/// <summary>
/// How many tasks there are, in two parts: what an operator steers by is counted by partial indexes and is at most 10 seconds old; the counts by
/// kind of task, finished ones included, need a look at every row and are the older the longer that takes.
/// </summary>
public sealed record GetTaskStats : IQuery<TaskStats>;

/// <param name="Age">How old <paramref name="Namespaces"/> and <paramref name="Workers"/> are.</param>
/// <param name="Namespaces">Those with unfinished or failed tasks, in code point order.</param>
/// <param name="Workers">Workers with at least one running lease.</param>
/// <param name="CountsAge">How old <paramref name="Counts"/> are; null while the first count is still on its way.</param>
/// <param name="Counts">In code point order; only what is there. Null while the first count is still on its way.</param>
public sealed record TaskStats(
    TimeSpan Age,
    IReadOnlyList<NamespaceStats> Namespaces,
    long Workers,
    TimeSpan? CountsAge,
    IReadOnlyList<TaskCount>? Counts
);

/// <param name="Waiting">`scheduled` and `retry`.</param>
/// <param name="OldestDue">The earliest eta that has passed and whose task nobody has claimed; null when none is due.</param>
/// <param name="Lag">How long that one has been due.</param>
public sealed record NamespaceStats(string Namespace, long Waiting, long Processing, long Error, DateTimeOffset? OldestDue, TimeSpan? Lag);

/// <summary>How many tasks of a name and a namespace have a status.</summary>
public sealed record TaskCount(string Namespace, string Task, EventixTaskStatus Status, long Count);
