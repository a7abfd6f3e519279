using System.Collections.Concurrent;
using System.Diagnostics;
using Eventix.Application.Workers;
using MediatR;

namespace Eventix.Benchmarks.Latency;

/// <summary>Tells how long it took from its post to its start.</summary>
/// <param name="SentAt">Nanoseconds of the machine's monotonic clock, which every process here reads alike.</param>
[EventixTask(Name)]
public sealed record Stamp(long SentAt) : IEventixTask<Unit>
{
    public const string Name = "bench.stamp";

    /// <summary>Now, by that clock: `Stopwatch` here and `process.hrtime` on node are both CLOCK_MONOTONIC on Linux.</summary>
    public static long Now => (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));
}

internal sealed class StampHandler(Delays delays) : IRequestHandler<Stamp, Unit>
{
    public Task<Unit> Handle(Stamp message, CancellationToken cancellationToken)
    {
        delays.Milliseconds.Enqueue((Stamp.Now - message.SentAt) / 1e6);
        return Unit.Task;
    }
}

/// <summary>What the handlers of this process have seen.</summary>
internal sealed class Delays
{
    /// <summary>In the order of their starts.</summary>
    public ConcurrentQueue<double> Milliseconds { get; } = [];
}
