using Eventix.Application.Messaging;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using FluentValidation;

namespace Eventix.Application.Tasks;

/// <summary>
/// Stores a task, or merges it into the waiting one of its unique key; answers what is stored. Answered next to the SQL, in Infrastructure.
/// </summary>
/// <exception cref="DomainException">`AlreadyExists`: the uid is in use.</exception>
public sealed record PostTask(NewTask Task) : ICommand<EventixTask>;

internal sealed class PostTaskValidator : AbstractValidator<PostTask>
{
    public PostTaskValidator() => RuleFor(command => command.Task).SetValidator(new NewTaskValidator());
}
