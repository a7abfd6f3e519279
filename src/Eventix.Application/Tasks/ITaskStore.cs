using Eventix.Domain;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Tasks;

/// <summary>For commands that load one task, change it by its own verbs, and save it.</summary>
public interface ITaskStore
{
    /// <summary>The task, to be changed; null when there is none.</summary>
    Task<EventixTask?> FindAsync(string uid, CancellationToken cancellationToken);

    /// <summary>The clock that decides what is due, leased or expired.</summary>
    Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Stores what was changed. False when the task was changed or deleted since it was found: nothing is stored then, and it is to be found
    /// again.
    /// </summary>
    /// <exception cref="DomainException">`TaskNotUnique`: it would be a second waiting task of its unique key.</exception>
    Task<bool> TrySaveAsync(EventixTask task, CancellationToken cancellationToken);
}
