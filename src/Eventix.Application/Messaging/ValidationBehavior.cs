using FluentValidation;
using FluentValidation.Results;
using MediatR;

namespace Eventix.Application.Messaging;

/// <summary>Runs every validator of a message before its handler, and tells all that they refuse at once. The only behaviour there is.</summary>
internal sealed class ValidationBehavior<TRequest, TResponse>(IEnumerable<IValidator<TRequest>> validators)
    : IPipelineBehavior<TRequest, TResponse>
    where TRequest : notnull
{
    /// <exception cref="InvalidMessageException">The message is refused.</exception>
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        List<ValidationFailure>? refused = null;
        foreach (var validator in validators)
        {
            var result = await validator.ValidateAsync(request, cancellationToken);
            if (!result.IsValid)
                (refused ??= []).AddRange(result.Errors);
        }

        if (refused is not null)
            throw new InvalidMessageException(typeof(TRequest), refused);

        return await next();
    }
}
