namespace Eventix.Application.Workers;

/// <summary>Tells who waits for tasks in this process that one is due, so that they need not wait for their next look.</summary>
public sealed class TaskArrivals
{
    /// <summary>Raised with the namespace of a task that came in, here or in another process, on the thread of whoever tells it.</summary>
    public event Action<string>? Arrived;

    /// <summary>Raised with the namespace of a task that came in through this process: for the other ones to be told.</summary>
    public event Action<string>? ArrivedHere;

    /// <summary>A task came in through this process, and is stored.</summary>
    public void Tell(string @namespace)
    {
        Arrived?.Invoke(@namespace);
        ArrivedHere?.Invoke(@namespace);
    }

    /// <summary>Another process has told that a task came in, or the other ones know already of one that came in here.</summary>
    public void Hear(string @namespace) => Arrived?.Invoke(@namespace);
}
