using Eventix.Application.Messaging;
using Eventix.Domain;
using MediatR;

namespace Eventix.Application.Tasks;

/// <summary>Deletes one task, whatever its status.</summary>
/// <exception cref="DomainException">`NotFound`: there is no such task.</exception>
public sealed record DeleteTask(string Uid) : ICommand<Unit>;
