using Eventix.Application.Configuration;

namespace Eventix.Application.Tasks;

/// <summary>Whether, how often and how far this host keeps the tasks in order: lost leases, expired tasks, and how many finished ones stay.</summary>
public sealed class MaintenanceOptions : IOptionsFromVariables
{
    private const int TenYears = 315_360_000;

    public bool Enabled { get; set; } = true;

    /// <summary>Between two rounds; 1 second to 1 day. A dead worker is noticed this long after its lease at the latest.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A task ends as an error when this many of its leases ran out; 0 for never.</summary>
    public int MaxLostLeases { get; set; } = 5;

    /// <summary>Finished tasks are deleted when they ended longer ago than this, whatever they say of themselves; null for no such limit.</summary>
    public TimeSpan? Retention { get; set; }

    /// <summary>Of each namespace only so many finished tasks are kept, the latest ones; null for no such limit.</summary>
    public int? RetentionCount { get; set; }

    public void Read(Variables variables)
    {
        Enabled = variables.Switch("EVENTIX_MAINTENANCE_ENABLED", Enabled);
        Interval = variables.Seconds("EVENTIX_MAINTENANCE_INTERVAL_SECONDS", Interval, 1, 86_400);
        MaxLostLeases = variables.Number("EVENTIX_MAX_LOST_LEASES", MaxLostLeases, 0, 1000);
        Retention = variables.Number("EVENTIX_RETENTION_SECONDS", 0, 0, TenYears) is > 0 and var age ? TimeSpan.FromSeconds(age) : null;
        RetentionCount = variables.Number("EVENTIX_RETENTION_COUNT", 0, 0, int.MaxValue) is > 0 and var count ? count : null;
    }
}
