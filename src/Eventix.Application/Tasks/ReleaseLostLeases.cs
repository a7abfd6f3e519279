using Eventix.Application.Workers;
using MediatR;

namespace Eventix.Application.Tasks;

/// <summary>Releases tasks whose lease ran out: what the system worker of Eventix 4.3 posts every two minutes.</summary>
[EventixTask(TaskName, StoreResult = false)]
public sealed record ReleaseLostLeases : IEventixTask<Unit>
{
    public const string TaskName = "task_cleanup_worker";
}

internal sealed class ReleaseLostLeasesHandler(ITaskMaintenance maintenance) : IRequestHandler<ReleaseLostLeases, Unit>
{
    public async Task<Unit> Handle(ReleaseLostLeases message, CancellationToken cancellationToken)
    {
        await maintenance.ReleaseLostLeasesAsync(cancellationToken);

        return Unit.Value;
    }
}
