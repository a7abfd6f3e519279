using Eventix.Application.Messaging;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using FluentValidation;

namespace Eventix.Application.Tasks;

/// <summary>
/// Replaces the task of that uid, fenced by its revision, or creates it when there is none; answers what is stored. The write-back of a
/// claim that makes the task wait again, while another one waits under its unique key, is superseded: the task ends as `error` and is
/// answered so.
/// </summary>
/// <exception cref="DomainException">
/// `RevisionConflict`: the sent revision is not the stored one. `TaskNotUnique`: it would be a second waiting task of its unique key.
/// </exception>
public sealed record PutTask(NewTask Task) : ICommand<EventixTask>;

internal sealed class PutTaskValidator : AbstractValidator<PutTask>
{
    public PutTaskValidator() => RuleFor(command => command.Task).SetValidator(new NewTaskValidator());
}
