using Eventix.Application.Messaging;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using MediatR;

namespace Eventix.Application.Tasks;

/// <summary>Lets a task that failed wait again; answers it as it is stored.</summary>
/// <param name="Eta">Null for now.</param>
/// <exception cref="DomainException">
/// `NotFound`; `WrongTaskStatus`: it has not failed; `TaskNotUnique`: another task waits under its unique key; `RevisionConflict`: others
/// keep changing it.
/// </exception>
public sealed record RescheduleTask(string Uid, DateTimeOffset? Eta) : ICommand<EventixTask>;

internal sealed class RescheduleTaskHandler(ITaskStore tasks) : IRequestHandler<RescheduleTask, EventixTask>
{
    private const int MostAttempts = 20;

    public async Task<EventixTask> Handle(RescheduleTask command, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var task = await tasks.FindAsync(command.Uid, cancellationToken) ?? throw DomainException.NotFound(command.Uid);
            var found = task.WireRevision;

            task.Reschedule(command.Eta, await tasks.NowAsync(cancellationToken));
            if (await tasks.TrySaveAsync(task, cancellationToken))
                return task;

            // The caller named no revision, so whatever the task is now is what is meant.
            if (attempt == MostAttempts)
                throw DomainException.RevisionConflict(found);
        }
    }
}
