using FluentValidation;
using FluentValidation.Results;

namespace Eventix.Application.Messaging;

/// <summary>The validators of a message refused it.</summary>
internal sealed class InvalidMessageException(Type messageType, IEnumerable<ValidationFailure> failures) : ValidationException(failures)
{
    public Type MessageType { get; } = messageType;
}
