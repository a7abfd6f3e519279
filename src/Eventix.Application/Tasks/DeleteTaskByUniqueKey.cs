using Eventix.Application.Messaging;
using Eventix.Domain;
using MediatR;

namespace Eventix.Application.Tasks;

/// <summary>Deletes the only waiting task of a key in all namespaces.</summary>
/// <exception cref="DomainException">
/// `NoTaskFoundForUniqueKey`: none waits. `TaskUniqueKeyNotUnique`: one waits in each of several namespaces; none is deleted.
/// </exception>
public sealed record DeleteTaskByUniqueKey(string UniqueKey) : ICommand<Unit>;
