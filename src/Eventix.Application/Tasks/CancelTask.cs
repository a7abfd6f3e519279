using Eventix.Application.Messaging;
using Eventix.Domain;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Tasks;

/// <summary>
/// Ends a waiting task as `error` of the class `TaskCancelled`. A running one is only asked: its worker is told by the answer to its next
/// heartbeat, its revision stays, and its own outcome decides what becomes of it. Answers what is stored.
/// </summary>
/// <exception cref="DomainException">`NotFound`: there is no such task. `WrongTaskStatus`: it is finished.</exception>
public sealed record CancelTask(string Uid) : ICommand<EventixTask>;
