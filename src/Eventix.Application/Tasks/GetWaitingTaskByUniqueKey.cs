using Eventix.Application.Messaging;
using Eventix.Domain;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Tasks;

/// <summary>Reads the only waiting task of a key in all namespaces.</summary>
/// <exception cref="DomainException">
/// `NoTaskFoundForUniqueKey`: none waits. `TaskUniqueKeyNotUnique`: one waits in each of several namespaces.
/// </exception>
public sealed record GetWaitingTaskByUniqueKey(string UniqueKey) : IQuery<EventixTask>;
