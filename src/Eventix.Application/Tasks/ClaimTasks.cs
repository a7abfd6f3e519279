using Eventix.Application.Messaging;
using Eventix.Domain.Tasks;
using FluentValidation;
using MediatR;
using Microsoft.Extensions.Options;

namespace Eventix.Application.Tasks;

/// <summary>Leases due tasks of several namespaces, those of the first one first; empty when none is due and none comes in time.</summary>
/// <param name="Limit">1 to <see cref="ClaimOptions.MostTasks"/>.</param>
/// <param name="TaskNames">Only tasks of these names; null for all.</param>
/// <param name="Lease">Null for the time of <see cref="ClaimOptions"/>.</param>
/// <param name="Wait">How long to wait for the first one; null for the options' time.</param>
/// <param name="ClaimId">
/// A name for this claim: asking again under it, from any server, gives the tasks that the worker still holds under it, with their leases begun
/// anew. When it holds none, it is a new claim.
/// </param>
public sealed record ClaimTasks(
    string WorkerId,
    IReadOnlyList<string> Namespaces,
    int Limit,
    IReadOnlyList<string>? TaskNames = null,
    TimeSpan? Lease = null,
    TimeSpan? Wait = null,
    string? ClaimId = null
) : ICommand<IReadOnlyList<EventixTask>>;

internal sealed class ClaimTasksValidator : AbstractValidator<ClaimTasks>
{
    public ClaimTasksValidator()
    {
        RuleFor(command => command.WorkerId).Storable(EventixTask.MaxKeyBytes);
        RuleForEach(command => command.Namespaces).Storable(EventixTask.MaxNamespaceBytes);
        RuleForEach(command => command.TaskNames).Storable(int.MaxValue);
        RuleFor(command => command.Limit).InclusiveBetween(1, ClaimOptions.MostTasks);
        RuleFor(command => command.ClaimId).Storable(EventixTask.MaxKeyBytes);
    }
}

internal sealed class ClaimTasksHandler(ClaimQueue queue, IOptions<ClaimOptions> options)
    : IRequestHandler<ClaimTasks, IReadOnlyList<EventixTask>>
{
    public Task<IReadOnlyList<EventixTask>> Handle(ClaimTasks command, CancellationToken cancellationToken)
    {
        var request = new ClaimRequest(
            command.WorkerId,
            [.. command.Namespaces.Distinct(StringComparer.Ordinal)],
            command.Limit,
            command.Lease ?? options.Value.Lease,
            command.TaskNames,
            command.ClaimId
        );

        return queue.ClaimAsync(request, command.Wait ?? options.Value.Wait, cancellationToken);
    }
}
