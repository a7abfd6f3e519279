using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Threading.Channels;
using Eventix.Application.Workers;
using Eventix.Infrastructure.Persistence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// Tells other processes that tasks came in through this one: after they are stored and apart from the transaction that stored them, each
/// namespace once, and not more often than every <see cref="Pause"/>. A NOTIFY inside of the posting transaction makes commits wait for each
/// other and costs two thirds of the rate. A task that comes after a quiet moment is told by the round trip that stores it.
/// </summary>
internal sealed class ArrivalNotifier(NpgsqlDataSource database, TaskArrivals arrivals, TimeProvider clock, ILogger<ArrivalNotifier> logger)
    : BackgroundService
{
    private const string Notify = $"SELECT pg_notify('{ArrivalListener.Channel}', $1 || ':' || n) FROM unnest($2) AS n";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    // Tells this host from the others: who waits here was woken without the database.
    private readonly string _sender = RandomNumberGenerator.GetHexString(16, lowercase: true);
    private readonly Channel<string> _arrived = Channel.CreateUnbounded<string>(new() { SingleReader = true });
    private long _toldAt = clock.GetTimestamp();

    /// <summary>
    /// What tells others of a task, to be sent right behind the statement that stores it, as a transaction of its own. Null when something was told a
    /// moment ago: then it goes with what comes meanwhile.
    /// </summary>
    public NpgsqlBatchCommand? TryTell(string @namespace)
    {
        var before = Volatile.Read(ref _toldAt);
        var now = clock.GetTimestamp();
        if (clock.GetElapsedTime(before, now) < Pause || Interlocked.CompareExchange(ref _toldAt, now, before) != before)
            return null;

        var notify = new NpgsqlBatchCommand(Notify);
        notify.Parameters.With(_sender).With<string[]>([@namespace]);

        return notify;
    }

    /// <summary>Reads the namespace out of a notification; false when it is this host's own.</summary>
    public bool TryRead(string payload, [NotNullWhen(true)] out string? @namespace)
    {
        var colon = payload.IndexOf(':', StringComparison.Ordinal);
        @namespace = colon < 0 || payload.AsSpan(0, colon).SequenceEqual(_sender) ? null : payload[(colon + 1)..];

        return @namespace is not null;
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        arrivals.ArrivedHere += Add;
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        arrivals.ArrivedHere -= Add;
        _arrived.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var namespaces = new HashSet<string>(StringComparer.Ordinal);
        while (await _arrived.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (_arrived.Reader.TryRead(out var @namespace))
                namespaces.Add(@namespace);

            try
            {
                await NotifyAsync([.. namespaces], stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (NpgsqlException unreachable)
            {
                // Not tried again: whoever waits in another process looks by itself within a second.
                logger.LogWarning("Could not tell other processes of new tasks: {Problem}", unreachable.Message);
            }

            namespaces.Clear();
            Volatile.Write(ref _toldAt, clock.GetTimestamp());
            await Task.WhenAny(Task.Delay(Pause, clock, stoppingToken));
        }
    }

    private void Add(string @namespace) => _arrived.Writer.TryWrite(@namespace);

    private async Task NotifyAsync(string[] namespaces, CancellationToken cancellationToken)
    {
        await using var notify = database.CreateCommand(Notify);
        notify.Parameters.With(_sender).With(namespaces);
        await notify.ExecuteNonQueryAsync(cancellationToken);
    }
}
