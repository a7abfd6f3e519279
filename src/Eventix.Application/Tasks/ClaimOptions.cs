using Eventix.Application.Configuration;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Tasks;

/// <summary>What a client gets that asks for tasks and does not say how.</summary>
public sealed class ClaimOptions : IOptionsFromVariables
{
    /// <summary>The longest lease, in seconds: a day.</summary>
    public const int LongestLease = 86_400;

    /// <summary>The longest wait, in seconds.</summary>
    public const int LongestWait = 60;

    /// <summary>The most tasks of one claim.</summary>
    public const int MostTasks = 1000;

    /// <summary>How long a claim or a heartbeat holds a task.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(EventixTask.DefaultLease);

    /// <summary>How long a claim waits for a task when none is due. Zero: clients of the old server are told at once, and pause by themselves.</summary>
    public TimeSpan Wait { get; set; }

    public void Read(Variables variables)
    {
        Lease = variables.Seconds("EVENTIX_LEASE_SECONDS", Lease, 1, LongestLease);
        Wait = variables.Seconds("EVENTIX_CLAIM_WAIT_SECONDS", Wait, 0, LongestWait);
    }
}
