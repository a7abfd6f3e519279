using Eventix.Application.Tasks;
using Eventix.Application.Workers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// Keeps the tasks in order, in every host with a database. Lost leases, expired tasks, the growth of the table and retention have a rhythm each: none
/// of them waits for another one that has much to do.
/// </summary>
internal sealed class MaintenanceLoop(
    ITaskMaintenance maintenance,
    TaskRetention retention,
    RetentionTurns turns,
    LegacyCleanUps legacy,
    TableGrowth growth,
    IOptions<MaintenanceOptions> options,
    TimeProvider clock,
    ILogger<MaintenanceLoop> logger
) : BackgroundService
{
    // A sweep reads the whole table: at most once a minute, and a fiftieth of the time, whichever host does it.
    private static readonly TimeSpan ShortestBetweenSweeps = TimeSpan.FromMinutes(1);
    private const int SweepShare = 50;

    // A look in vain may have read much: what vacuum may not remove because somebody holds a snapshot, what no summary of the index on `expires`
    // covers yet. It takes a twentieth of the time at most; who lost a lease of the usual five minutes waits as long again at the worst.
    private static readonly TimeSpan LongestBetweenLooks = TimeSpan.FromMinutes(5);
    private const int LookShare = 20;

    // A queue that fills suffers for so long, and the look takes PostgreSQL less than a claim.
    private static readonly TimeSpan BetweenLooksAtGrowth = TimeSpan.FromSeconds(2);

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Enabled)
            return Task.CompletedTask;

        return Task.WhenAll(
            RepeatAsync(ReleaseAsync, stoppingToken),
            RepeatAsync(DeleteExpiredAsync, stoppingToken),
            RepeatAsync(AnswerLegacyAsync, stoppingToken),
            RepeatAsync(AnalyzeGrownTableAsync, stoppingToken),
            retention.IsWanted ? RepeatAsync(SweepAsync, stoppingToken) : Task.CompletedTask
        );
    }

    /// <param name="round">Answers how long to wait until the next one.</param>
    private async Task RepeatAsync(Func<CancellationToken, Task<TimeSpan>> round, CancellationToken stoppingToken)
    {
        var pause = TimeSpan.Zero;
        do
        {
            try
            {
                pause = await round(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failed) when (failed is NpgsqlException or InvalidCastException)
            {
                // The latter: a row that an operator gave a time beyond the calendar. A host does not end because its database is away.
                pause = options.Value.Interval;
                logger.LogWarning(failed, "A round of maintenance failed; the next one is in {Interval}", pause);
            }
        } while (await Waiting.ForAsync(pause, clock, stoppingToken));
    }

    private async Task<TimeSpan> ReleaseAsync(CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        var released = await maintenance.ReleaseLostLeasesAsync(cancellationToken);
        if (released > 0)
            logger.LogInformation("Released {Count} tasks whose lease had run out", released);

        return PauseAfter(released, clock.GetElapsedTime(began));
    }

    private async Task<TimeSpan> DeleteExpiredAsync(CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        var deleted = await maintenance.DeleteExpiredTasksAsync(cancellationToken);
        if (deleted > 0)
            logger.LogInformation("Deleted {Count} finished tasks that had expired", deleted);

        return PauseAfter(deleted, clock.GetElapsedTime(began));
    }

    private async Task<TimeSpan> AnswerLegacyAsync(CancellationToken cancellationToken)
    {
        var asked = await legacy.TakeAsync();
        if (asked.Count > 0)
        {
            await maintenance.ReleaseLostLeasesAsync(cancellationToken);
            await maintenance.DeleteExpiredTasksAsync(cancellationToken);
            await legacy.AnswerAsync(asked, cancellationToken);
        }

        return options.Value.Interval;
    }

    private async Task<TimeSpan> AnalyzeGrownTableAsync(CancellationToken cancellationToken)
    {
        await growth.AnalyzeAsync(cancellationToken);

        return BetweenLooksAtGrowth;
    }

    private async Task<TimeSpan> SweepAsync(CancellationToken cancellationToken)
    {
        if (!await turns.TakeAsync(cancellationToken))
            return ShortestBetweenSweeps;

        var began = clock.GetTimestamp();
        var deleted = await retention.SweepAsync(cancellationToken);
        if (deleted > 0)
            logger.LogInformation("Deleted {Count} finished tasks beyond the retention", deleted);

        var rest = deleted == TaskRetention.MostPicked ? TimeSpan.Zero : RestAfter(clock.GetElapsedTime(began));
        await turns.EndAsync(rest, cancellationToken);

        return rest;
    }

    /// <param name="changed">Rounds that change something go on as they did: there may be more soon.</param>
    private TimeSpan PauseAfter(int changed, TimeSpan took)
    {
        var interval = options.Value.Interval;
        var rest = LookShare * took < LongestBetweenLooks ? LookShare * took : LongestBetweenLooks;

        return changed > 0 || rest < interval ? interval : rest;
    }

    private static TimeSpan RestAfter(TimeSpan sweep)
    {
        var rest = SweepShare * sweep;

        return rest > ShortestBetweenSweeps ? rest : ShortestBetweenSweeps;
    }
}
