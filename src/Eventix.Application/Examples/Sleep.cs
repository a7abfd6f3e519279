using Eventix.Application.Workers;
using FluentValidation;
using MediatR;

namespace Eventix.Application.Examples;

/// <summary>Takes its time, and answers nothing.</summary>
/// <param name="Seconds">0 or more; fractions count.</param>
[EventixTask("sleep")]
public sealed record Sleep(double Seconds) : IEventixTask<Unit>;

internal sealed class SleepValidator : AbstractValidator<Sleep>
{
    // The longest wait of a .NET timer is 49 days.
    public SleepValidator() => RuleFor(message => message.Seconds).InclusiveBetween(0, TimeSpan.FromDays(49).TotalSeconds);
}

internal sealed class SleepHandler(TimeProvider clock) : IRequestHandler<Sleep, Unit>
{
    public async Task<Unit> Handle(Sleep message, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromSeconds(message.Seconds), clock, cancellationToken);

        return Unit.Value;
    }
}
