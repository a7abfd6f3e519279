using Eventix.Application.Messaging;
using Eventix.Domain.Tasks;
using FluentValidation;
using MediatR;
using Microsoft.Extensions.Options;

namespace Eventix.Application.Tasks;

/// <summary>
/// Leases the next due task of a namespace, for as long as <see cref="ClaimOptions"/> say; null when none is due and none comes in time.
/// </summary>
/// <param name="Wait">How long to wait for one; null for the options' time.</param>
public sealed record ClaimNextTask(string WorkerId, string Namespace, TimeSpan? Wait = null) : ICommand<EventixTask?>;

internal sealed class ClaimNextTaskValidator : AbstractValidator<ClaimNextTask>
{
    public ClaimNextTaskValidator()
    {
        RuleFor(command => command.WorkerId).Storable(EventixTask.MaxKeyBytes);
        RuleFor(command => command.Namespace).Storable(EventixTask.MaxNamespaceBytes);
    }
}

internal sealed class ClaimNextTaskHandler(ClaimQueue queue, IOptions<ClaimOptions> options) : IRequestHandler<ClaimNextTask, EventixTask?>
{
    public async Task<EventixTask?> Handle(ClaimNextTask command, CancellationToken cancellationToken)
    {
        var request = new ClaimRequest(command.WorkerId, [command.Namespace], Limit: 1, options.Value.Lease);

        return (await queue.ClaimAsync(request, command.Wait ?? options.Value.Wait, cancellationToken)).SingleOrDefault();
    }
}
