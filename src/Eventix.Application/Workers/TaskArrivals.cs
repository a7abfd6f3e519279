namespace Eventix.Application.Workers;

/// <summary>Tells the worker of this host that a task has come in through this host, so that it need not wait for its next look.</summary>
public sealed class TaskArrivals
{
    /// <summary>Raised with the task's namespace, on the thread of whoever posted.</summary>
    public event Action<string>? Arrived;

    public void Tell(string @namespace) => Arrived?.Invoke(@namespace);
}
