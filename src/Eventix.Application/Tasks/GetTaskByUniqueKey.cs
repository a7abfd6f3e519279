using Eventix.Application.Messaging;
using Eventix.Domain;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Tasks;

/// <summary>Reads the oldest task of a key that has one of some statuses.</summary>
/// <param name="Statuses">At least one.</param>
/// <exception cref="DomainException">`NoTaskFoundForUniqueKey`: there is none.</exception>
public sealed record GetTaskByUniqueKey(string Namespace, string UniqueKey, IReadOnlyList<EventixTaskStatus> Statuses) : IQuery<EventixTask>
{
    /// <summary>What is looked for unless a client says otherwise.</summary>
    public static readonly IReadOnlyList<EventixTaskStatus> Waiting = [EventixTaskStatus.Scheduled, EventixTaskStatus.Retry];
}
