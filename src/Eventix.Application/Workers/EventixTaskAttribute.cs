using System.Runtime.CompilerServices;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Workers;

/// <summary>
/// The name under which a message is a task, and the defaults of tasks that are posted with it from C#. A task that was posted by somebody
/// else runs under what was posted, but for <see cref="Timeout"/> and <see cref="Concurrency"/>, which are the host's.
/// </summary>
/// <param name="name">What clients post: any text but the empty one.</param>
/// <param name="path">Filled in by the compiler.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
public sealed class EventixTaskAttribute(string name, [CallerFilePath] string path = "") : Attribute
{
    /// <summary>For <see cref="MaxRetries"/>, <see cref="ErrorExpires"/> and <see cref="ResultExpires"/>: no limit.</summary>
    public const int Unlimited = -1;

    /// <summary>The longest <see cref="Timeout"/>, in seconds: 40 days, within what a timer can wait.</summary>
    public const int MaxTimeout = 40 * 86_400;

    public string Name { get; } = name;

    /// <summary>The name of the source file, without the folders of the machine that compiled it.</summary>
    public string File { get; } = path[(path.LastIndexOfAny(['/', '\\']) + 1)..];

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
    /// At most one task with the same key waits in a namespace; another post merges into it. Members of the message stand in braces, by their
    /// C# or snake_case names: `order-{order_id}`. They are written as in JSON, strings without quotes. Null for no key.
    /// </summary>
    public string? UniqueKey { get; init; }

    /// <summary>
    /// Seconds that one run may take, up to <see cref="MaxTimeout"/>; 0 for as long as it needs. Then the handler's token fires and the run has
    /// failed, to be retried like any failure. A handler that does not heed its token keeps its place on the host until it ends.
    /// </summary>
    public int Timeout { get; init; }

    /// <summary>How many of this task may run at the same time on one host; 0 for as many as the host runs.</summary>
    public int Concurrency { get; init; }
}
