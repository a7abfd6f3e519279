using Eventix.Application.Workers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>Runs the maintenance of tasks at an interval, in every host with a database.</summary>
internal sealed class MaintenanceLoop(
    TaskMaintenance maintenance,
    IOptions<MaintenanceOptions> options,
    TimeProvider clock,
    ILogger<MaintenanceLoop> logger
) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Enabled)
            return;

        do
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (NpgsqlException unreachable)
            {
                // The next round tries again; a host does not end because its database is away for a while.
                logger.LogWarning(
                    unreachable,
                    "Maintenance could not reach PostgreSQL; it tries again in {Interval}",
                    options.Value.Interval
                );
            }
        } while (await Waiting.ForAsync(options.Value.Interval, clock, stoppingToken));
    }

    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var rescued = await UntilNoneIsLeftAsync(maintenance.RescueAsync, cancellationToken);
        var deleted = await UntilNoneIsLeftAsync(maintenance.DeleteExpiredAsync, cancellationToken);

        if (rescued > 0)
            logger.LogInformation("Released {Count} tasks whose lease had run out", rescued);
        if (deleted > 0)
            logger.LogInformation("Deleted {Count} finished tasks that had expired", deleted);
    }

    private static async Task<int> UntilNoneIsLeftAsync(Func<CancellationToken, Task<int>> batch, CancellationToken cancellationToken)
    {
        var total = 0;
        int changed;
        do
        {
            changed = await batch(cancellationToken);
            total += changed;
        } while (changed == TaskMaintenance.BatchSize);

        return total;
    }
}
