using Eventix.Application.Messaging;
using Eventix.Domain.Tasks;
using FluentValidation;
using MediatR;

namespace Eventix.Application.Tasks;

/// <summary>Leases the next due task of a namespace, for 300 s; null when none is due.</summary>
public sealed record ClaimNextTask(string WorkerId, string Namespace) : ICommand<EventixTask?>;

internal sealed class ClaimNextTaskValidator : AbstractValidator<ClaimNextTask>
{
    public ClaimNextTaskValidator()
    {
        RuleFor(command => command.WorkerId).Storable(EventixTask.MaxKeyBytes);
        RuleFor(command => command.Namespace).Storable(EventixTask.MaxNamespaceBytes);
    }
}

internal sealed class ClaimNextTaskHandler(ITaskClaims claims) : IRequestHandler<ClaimNextTask, EventixTask?>
{
    public async Task<EventixTask?> Handle(ClaimNextTask command, CancellationToken cancellationToken)
    {
        var claim = new TaskClaim(command.Namespace, command.WorkerId, 1, TimeSpan.FromSeconds(EventixTask.DefaultLease));

        return (await claims.ClaimAsync(claim, cancellationToken)).SingleOrDefault();
    }
}
