using Eventix.Application.Workers;
using Eventix.Infrastructure.Persistence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// Hears from other processes that tasks came in, and that running ones are to stop: one connection of its own for each process, outside of the pool. Whoever waits also looks by
/// itself, so what is not heard (while the connection is away, or behind a pooler in transaction mode, which cannot listen) only comes later.
/// </summary>
internal sealed class ArrivalListener(
    IOptions<DatabaseOptions> options,
    TaskArrivals arrivals,
    TaskCancels cancels,
    ArrivalNotifier notifier,
    ClaimBookmarks bookmarks,
    TimeProvider clock,
    ILogger<ArrivalListener> logger
) : BackgroundService
{
    public const string Channel = "eventix_task";

    /// <summary>Its notifications carry the uid of a running task that was cancelled.</summary>
    public const string CancelChannel = "eventix_cancel";

    private const string Listen = $"LISTEN {Channel}; LISTEN {CancelChannel}";
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var delay = FirstDelay;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(() => delay = FirstDelay, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (NpgsqlException lost)
            {
                logger.LogWarning(
                    "Cannot hear of tasks from other processes, which are found a little later now; trying again in {Delay}: {Problem}",
                    delay,
                    lost.Message
                );
            }

            await Task.WhenAny(Task.Delay(delay, clock, stoppingToken));
            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    private async Task ListenAsync(Action listening, CancellationToken stoppingToken)
    {
        await using var connection = new NpgsqlConnection(ConnectionString());
        connection.Notification += (_, notification) => Hear(notification);
        await connection.OpenAsync(stoppingToken);

        await using (var listen = new NpgsqlCommand(Listen, connection))
            await listen.ExecuteNonQueryAsync(stoppingToken);
        listening();

        while (true)
            await connection.WaitAsync(stoppingToken);
    }

    // The keep-alive finds out about a server that went away without a word.
    private string ConnectionString() =>
        new NpgsqlConnectionStringBuilder(options.Value.ConnectionString)
        {
            Pooling = false,
            MinPoolSize = 0,
            KeepAlive = 30,
        }.ConnectionString;

    private void Hear(NpgsqlNotificationEventArgs notification)
    {
        if (notification.Channel == CancelChannel)
            cancels.Hear(notification.Payload);
        else if (notifier.TryRead(notification.Payload, out var @namespace))
        {
            bookmarks.Hears(@namespace);
            arrivals.Hear(@namespace);
        }
    }
}
