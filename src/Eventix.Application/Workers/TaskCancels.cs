namespace Eventix.Application.Workers;

/// <summary>Tells the worker of this process that a running task was cancelled, so that it need not wait for its next heartbeat.</summary>
public sealed class TaskCancels
{
    /// <summary>Raised with the uid of a task that runs somewhere, on the thread of whoever tells it.</summary>
    public event Action<string>? Requested;

    /// <summary>PostgreSQL has told that a running task is to stop.</summary>
    public void Hear(string uid) => Requested?.Invoke(uid);
}
