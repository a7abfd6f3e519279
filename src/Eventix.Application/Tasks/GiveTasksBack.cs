using Eventix.Application.Messaging;
using Eventix.Domain.Tasks;
using MediatR;

namespace Eventix.Application.Tasks;

/// <summary>Makes tasks claimable again whose claim did not reach the client. Each is fenced by its revision; one that moved on stays as it is.</summary>
public sealed record GiveTasksBack(IReadOnlyList<EventixTask> Tasks) : ICommand<Unit>;

internal sealed class GiveTasksBackHandler(ClaimQueue queue) : IRequestHandler<GiveTasksBack, Unit>
{
    public async Task<Unit> Handle(GiveTasksBack command, CancellationToken cancellationToken)
    {
        await queue.GiveBackAsync(command.Tasks);

        return Unit.Value;
    }
}
