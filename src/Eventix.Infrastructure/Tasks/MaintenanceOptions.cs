using Eventix.Application.Configuration;

namespace Eventix.Infrastructure.Tasks;

/// <summary>Release of expired leases and deletion of expired finished tasks.</summary>
internal sealed class MaintenanceOptions : IOptionsFromVariables
{
    public bool Enabled { get; private set; } = true;

    public TimeSpan Interval { get; private set; } = TimeSpan.FromSeconds(10);

    public void Read(Variables variables)
    {
        Enabled = variables.Switch("EVENTIX_MAINTENANCE_ENABLED", Enabled);
        Interval = TimeSpan.FromSeconds(variables.Number("EVENTIX_MAINTENANCE_INTERVAL_SECONDS", 10, 1, 86_400));
    }
}
