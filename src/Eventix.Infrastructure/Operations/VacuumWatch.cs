using Eventix.Application.Operations;
using Eventix.Application.Workers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Infrastructure.Operations;

/// <summary>
/// Says in the log what holds back vacuum: when it begins, now and then while it lasts, and when it is over. In every host with a database, each for
/// itself, so that one log tells the whole story; and whether or not the host does maintenance, since to look changes nothing.
/// </summary>
internal sealed partial class VacuumWatch(
    VacuumHolders holders,
    IOptions<VacuumWatchOptions> options,
    TimeProvider clock,
    ILogger<VacuumWatch> logger
) : BackgroundService
{
    private (VacuumHolder Holder, long At)? _said;
    private bool _isBlind;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        do
        {
            try
            {
                Tell(await holders.LookAsync(stoppingToken));
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (NpgsqlException failed)
            {
                // A host does not end because its database is away, and says so only once.
                if (!_isBlind)
                    LogFailed(failed.Message);
                _isBlind = true;
            }
        } while (await Waiting.ForAsync(options.Value.Interval, clock, stoppingToken));
    }

    /// <param name="found">The worst first; null when the role of this host may not look.</param>
    internal void Tell(IReadOnlyList<VacuumHolder>? found)
    {
        if (found is null && !_isBlind)
            LogRefused();
        _isBlind = found is null;

        switch (found)
        {
            case [var worst, ..]:
                TellWorst(worst, found.Count - 1);
                break;
            case [] when _said is var (ended, _):
                LogOver(ended.Kind, ended.Name);
                _said = null;
                break;
        }
    }

    private void TellWorst(VacuumHolder worst, int others)
    {
        if (_said is var (said, at) && IsSame(said, worst) && clock.GetElapsedTime(at) < options.Value.SaidAgainAfter)
            return;

        LogHeld(
            worst.Holds,
            worst.Kind,
            worst.Name,
            (long)worst.Held.TotalSeconds,
            worst.Transactions,
            worst.Database ?? "-",
            worst.User ?? "-",
            worst.Application ?? "-",
            worst.Client ?? "-",
            worst.State ?? "-",
            others,
            worst.Remedy
        );
        _said = (worst, clock.GetTimestamp());
    }

    private static bool IsSame(VacuumHolder one, VacuumHolder other) =>
        (one.Kind, one.Name, one.Holds) == (other.Kind, other.Name, other.Holds);

    [LoggerMessage(
        LogLevel.Warning,
        "Vacuum of the {Holds} is held back by the {Kind} {Name}, for {Seconds} seconds and {Transactions} transactions so far"
            + " (database {Database}, user {User}, application {Application}, client {Client}, state {State}; {Others} more hold it too):"
            + " rows that are done with cannot be removed, and claims grow slower. {Remedy}"
    )]
    private partial void LogHeld(
        string holds,
        string kind,
        string name,
        long seconds,
        int transactions,
        string database,
        string user,
        string application,
        string client,
        string state,
        int others,
        string remedy
    );

    [LoggerMessage(LogLevel.Information, "Nothing holds back vacuum any more; the last one was the {Kind} {Name}")]
    private partial void LogOver(string kind, string name);

    [LoggerMessage(
        LogLevel.Warning,
        "What holds back vacuum is not told: the role of this host may not read pg_stat_activity, pg_stat_progress_vacuum, pg_prepared_xacts and"
            + " pg_replication_slots. GRANT SELECT on them"
    )]
    private partial void LogRefused();

    [LoggerMessage(LogLevel.Warning, "What holds back vacuum is not told until the database answers again: {Problem}")]
    private partial void LogFailed(string problem);
}
