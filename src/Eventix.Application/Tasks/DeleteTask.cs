using Eventix.Application.Messaging;
using Eventix.Domain;
using FluentValidation;
using MediatR;

namespace Eventix.Application.Tasks;

/// <summary>Deletes one task, whatever its status; with a revision only while it still has that one.</summary>
/// <exception cref="DomainException">
/// `NotFound`: there is no such task. `RevisionConflict`: the given revision is not the stored one.
/// </exception>
public sealed record DeleteTask(string Uid, string? Revision = null) : ICommand<Unit>;

internal sealed class DeleteTaskValidator : AbstractValidator<DeleteTask>
{
    public DeleteTaskValidator() => RuleFor(command => command.Revision).Storable(int.MaxValue);
}
