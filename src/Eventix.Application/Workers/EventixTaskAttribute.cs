using Eventix.Domain.Tasks;

namespace Eventix.Application.Workers;

/// <summary>
/// The name under which a message is a task, and the defaults of tasks that are posted with it from C#. A task that was posted by somebody
/// else runs under what was posted.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
public sealed class EventixTaskAttribute(string name) : Attribute
{
    /// <summary>For <see cref="MaxRetries"/>, <see cref="ErrorExpires"/> and <see cref="ResultExpires"/>: no limit.</summary>
    public const int Unlimited = -1;

    public string Name { get; } = name;

    /// <summary>Whether a failed task is tried again.</summary>
    public bool Retry { get; init; } = true;

    /// <summary>How many runs follow a failed first one; without a limit by default.</summary>
    public int MaxRetries { get; init; } = Unlimited;

    /// <summary>Delay before the first retry, in seconds; doubled with each failure.</summary>
    public int ErrorEtaInc { get; init; } = EventixTask.DefaultErrorEtaInc;

    /// <summary>Upper bound of the delay, in seconds.</summary>
    public int ErrorEtaMax { get; init; } = EventixTask.DefaultErrorEtaMax;

    /// <summary>Seconds that a failed task is kept; for ever by default.</summary>
    public int ErrorExpires { get; init; } = Unlimited;

    /// <summary>Seconds that a result is kept; a week by default.</summary>
    public int ResultExpires { get; init; } = EventixTask.DefaultResultExpires;

    /// <summary>False deletes a task as soon as it has succeeded.</summary>
    public bool StoreResult { get; init; } = true;

    /// <summary>Lower runs first.</summary>
    public int Priority { get; init; }

    /// <summary>
    /// Seconds that one run may take; 0 for as long as it needs. Then the handler's token fires and the run has failed, to be retried like any
    /// failure. A handler that does not heed its token keeps its place on the host until it ends.
    /// </summary>
    public int Timeout { get; init; }

    /// <summary>How many of this task may run at the same time on one host; 0 for as many as the host runs.</summary>
    public int Concurrency { get; init; }
}
