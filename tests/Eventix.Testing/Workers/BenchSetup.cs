using Eventix.Application.Tasks;
using Eventix.Application.Workers;

namespace Eventix.Testing.Workers;

/// <summary>How a task comes to its handler.</summary>
public sealed record BenchSetup
{
    /// <summary>1 for the first run.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>What is to be different about the posted task: <c>task => task with { Priority = -5 }</c>.</summary>
    public Func<NewTask, NewTask> Change { get; init; } = static task => task;

    /// <summary>Why the handler is asked to stop; null when it is not.</summary>
    public StopReason? Stop { get; init; }

    /// <summary>How long after the start it is asked to.</summary>
    public TimeSpan StopAfter { get; init; }
}
