namespace Eventix.Application.Workers;

/// <summary>Thrown by a handler: this run has failed, and the next one is due after <see cref="Delay"/>. It uses a retry up.</summary>
public sealed class TaskRetryException : Exception
{
    /// <summary>The longest <see cref="Delay"/>.</summary>
    public static readonly TimeSpan MaxDelay = TimeSpan.FromDays(10_000);

    /// <param name="delay">0 to <see cref="MaxDelay"/>.</param>
    /// <param name="message">The `error_message` of the task's result, until the next run.</param>
    /// <exception cref="ArgumentOutOfRangeException">The delay is not allowed.</exception>
    public TaskRetryException(TimeSpan delay, string? message = null)
        : base(message ?? $"The task asked to be run again after {delay}.")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(delay, MaxDelay);

        Delay = delay;
    }

    public TimeSpan Delay { get; }
}
