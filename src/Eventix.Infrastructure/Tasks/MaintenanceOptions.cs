using Eventix.Application.Configuration;

namespace Eventix.Infrastructure.Tasks;

/// <summary>Whether, and how often, this host rescues lost leases and deletes expired finished tasks.</summary>
public sealed class MaintenanceOptions : IOptionsFromVariables
{
    public bool Enabled { get; set; } = true;

    /// <summary>Between two rounds; 1 second to 1 day.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    public void Read(Variables variables)
    {
        Enabled = variables.Switch("EVENTIX_MAINTENANCE_ENABLED", Enabled);
        Interval = variables.Seconds("EVENTIX_MAINTENANCE_INTERVAL_SECONDS", Interval, 1, 86_400);
    }
}
