namespace Eventix.Application.Workers;

/// <summary>The task that runs in a scope, if one does: every run has a scope of its own.</summary>
internal sealed class CurrentTask
{
    /// <summary>Null in a scope that no worker has made: a request of the API, or one that a handler opened itself.</summary>
    public ITaskContext? Context { get; set; }

    /// <exception cref="InvalidOperationException">No task runs in this scope.</exception>
    public ITaskContext Required =>
        Context
        ?? throw new InvalidOperationException(
            "ITaskContext is there only while a worker runs a task, in the scope of its handler: not in requests of the API, in singletons, or in "
                + "scopes that a handler opens itself. Inject it into the handler and hand on what others need of it."
        );
}
