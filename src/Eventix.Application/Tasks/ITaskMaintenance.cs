namespace Eventix.Application.Tasks;

/// <summary>Keeps the tasks in order. Every host with a database does so by itself; who does not want to wait for its next round asks here.</summary>
public interface ITaskMaintenance
{
    /// <summary>Lets tasks whose lease ran out wait again, or ends them. Returns how many; not those that another host is at.</summary>
    Task<int> ReleaseLostLeasesAsync(CancellationToken cancellationToken);

    /// <summary>Deletes finished tasks whose time is over. Returns how many; not those that another host is at.</summary>
    Task<int> DeleteExpiredTasksAsync(CancellationToken cancellationToken);
}
