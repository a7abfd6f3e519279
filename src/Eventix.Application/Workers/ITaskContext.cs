namespace Eventix.Application.Workers;

/// <summary>
/// The task that is being run, for its handler and whatever the handler is made of: `internal sealed class ResizeHandler(ITaskContext context)`.
/// Asking for it where no task runs is an `InvalidOperationException`.
/// </summary>
public interface ITaskContext
{
    string Uid { get; }

    /// <summary>The name of the task.</summary>
    string Task { get; }

    /// <summary>1 in the first run, one more in each that follows. A run that was given back does not count.</summary>
    int Attempt { get; }

    /// <summary>The revision of this claim, as it is on the wire. It differs from run to run: a fencing token for whatever the handler writes.</summary>
    string Revision { get; }

    string Namespace { get; }

    /// <summary>On whose behalf; null for nobody's.</summary>
    string? Operator { get; }

    /// <summary>Lower runs first.</summary>
    int Priority { get; }

    /// <summary>When this run has to be over, by the clock of this host; null for a task without <see cref="EventixTaskAttribute.Timeout"/>.</summary>
    DateTimeOffset? Deadline { get; }

    /// <summary>Fires when the handler is to stop; the same token that the handler is given.</summary>
    CancellationToken CancellationToken { get; }

    /// <summary>Why the handler is to stop; null while it is not.</summary>
    StopReason? StopReason { get; }

    /// <summary>
    /// Tells how far the run is: `progress` and `progress_message` of the task, until it is claimed anew. Returns at once; the last report is
    /// stored within about a second, and before the task's outcome. So it may be called as often as a loop likes. While the database is away
    /// reports wait, and those that are still waiting when the run ends are lost.
    /// </summary>
    /// <param name="percent">0 to 100.</param>
    /// <param name="message">Null for none. Over 500 characters it is cut, and a NUL is replaced.</param>
    /// <exception cref="ArgumentOutOfRangeException">The percentage is none.</exception>
    /// <exception cref="InvalidOperationException">The run is over.</exception>
    Task ReportProgressAsync(int percent, string? message = null);

    /// <summary>
    /// To be thrown, <c>throw context.RetryAfter(…)</c>: this run has failed, and the next one is due after <paramref name="delay"/>. It uses a
    /// retry up; where none is left, or the task is not to be retried at all, it ends as `error`.
    /// </summary>
    /// <param name="delay">0 to 10,000 days; a part of a second counts as a whole one.</param>
    /// <param name="message">Kept in the task's result until the next run.</param>
    /// <exception cref="ArgumentOutOfRangeException">The delay is not allowed.</exception>
    TaskRetryException RetryAfter(TimeSpan delay, string? message = null);

    /// <summary>To be thrown, <c>throw context.Fail(…)</c>: the task ends as `error`, whatever retries are left.</summary>
    /// <param name="message">The `error_message` of the task's result.</param>
    /// <param name="cause">Where its traceback is to come from; null for the place that throws.</param>
    TaskFailedException Fail(string message, Exception? cause = null);
}
