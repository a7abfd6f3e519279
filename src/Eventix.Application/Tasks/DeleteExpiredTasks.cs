using Eventix.Application.Workers;
using MediatR;

namespace Eventix.Application.Tasks;

/// <summary>Deletes finished tasks whose time is over: what the system worker of Eventix 4.3 posts every two minutes.</summary>
[EventixTask(TaskName, StoreResult = false)]
public sealed record DeleteExpiredTasks : IEventixTask<Unit>
{
    public const string TaskName = "task_cleanup_results";
}

internal sealed class DeleteExpiredTasksHandler(ITaskMaintenance maintenance) : IRequestHandler<DeleteExpiredTasks, Unit>
{
    public async Task<Unit> Handle(DeleteExpiredTasks message, CancellationToken cancellationToken)
    {
        await maintenance.DeleteExpiredTasksAsync(cancellationToken);

        return Unit.Value;
    }
}
