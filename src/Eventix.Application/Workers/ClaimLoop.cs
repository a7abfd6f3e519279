using System.Data.Common;
using System.Threading.Channels;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Eventix.Application.Workers;

/// <summary>
/// Claims as many tasks as this host has places for, and a little ahead where they are short. Waits only when there was nothing to claim.
/// </summary>
internal sealed class ClaimLoop(
    ITaskClaims claims,
    OutcomeWriter outcomes,
    TasksInHand hand,
    TaskNameLimits limits,
    WorkerIncarnation worker,
    TaskArrivals arrivals,
    IOptions<TaskWorkerOptions> options,
    IOptions<MaintenanceOptions> maintenance,
    TimeProvider clock,
    ILogger<ClaimLoop> logger
)
{
    /// <summary>How long the prefetched tasks should last: claims then come in batches where tasks are short, and singly where they are long.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(100);

    // What waits to be written back counts too. With fewer the claims would wait for the write-backs, and these for the claims.
    private const int MostAhead = 3000;

    // A claim is worth its statement when a quarter of them is gone.
    private const int LeastShare = 4;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly TaskWorkerOptions _options = options.Value;
    private readonly PlaceOffers _offers = new(claims, hand, limits, worker, options.Value, clock);
    private readonly HashSet<string> _namespaces = new(options.Value.Namespaces, StringComparer.Ordinal);
    private readonly Suspects _suspects = new(maintenance.Value.MaxLostLeases);
    private readonly Channel<TaskInHand> _claimed = Channel.CreateUnbounded<TaskInHand>();
    private readonly WakeSignal _wake = new(clock);
    private long _begun;
    private long _ended;
    private long _claimedAt = clock.GetTimestamp();

    /// <summary>What is to be run, in the order of its claims.</summary>
    public ChannelReader<TaskInHand> Claimed => _claimed.Reader;

    public void Began() => Interlocked.Increment(ref _begun);

    public void Ended()
    {
        Interlocked.Increment(ref _ended);
        if (limits.Any || _options.NamespaceConcurrency is not null)
            _wake.Set();
    }

    /// <summary>There may be room, or something to claim.</summary>
    public void Wake() => _wake.Set();

    /// <summary>Claims until <paramref name="stop"/> fires, and gives back what nobody has begun by then.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        arrivals.Arrived += Arrived;

        await ClaimUntilStoppedAsync(stop);

        arrivals.Arrived -= Arrived;
        _claimed.Writer.Complete();
        GiveBackWhatHasNotBegun();
    }

    private async Task ClaimUntilStoppedAsync(CancellationToken stop)
    {
        var (measuredAt, endedThen, prefetch, moreIsDue) = (clock.GetTimestamp(), 0L, 0, false);
        var (begunAt, begunThen) = (measuredAt, 0L);

        while (!stop.IsCancellationRequested)
        {
            var since = clock.GetElapsedTime(measuredAt);
            if (since >= Ahead)
            {
                var ended = Interlocked.Read(ref _ended);
                prefetch = (int)Math.Min(MostAhead, (ended - endedThen) * (Ahead / since));
                (measuredAt, endedThen) = (clock.GetTimestamp(), ended);
            }

            // From the last claim on at the earliest: after a quiet hour nothing has begun for an hour, and nothing had to.
            var begun = Interlocked.Read(ref _begun);
            if (begun != begunThen)
                (begunAt, begunThen) = (clock.GetTimestamp(), begun);
            else if (clock.GetElapsedTime(Math.Max(begunAt, _claimedAt)) >= _options.Patience)
                GiveBackWhatHasNotBegun();

            var room = _options.Concurrency + prefetch - hand.Count;
            if (room < (moreIsDue ? Math.Max(1, prefetch / LeastShare) : 1))
            {
                await _wake.WaitAsync(_options.PollInterval, stop);
                continue;
            }

            try
            {
                moreIsDue = await _offers.FillAsync(room, TakeIn, stop) == room;
                if (!moreIsDue)
                    await _wake.WaitAsync(_options.PollInterval, stop);
            }
            catch (DbException failed)
            {
                logger.LogWarning(failed, "Could not claim tasks; trying again in {Delay}", RetryDelay);
                await _wake.WaitAsync(RetryDelay, stop);
            }
        }
    }

    private void TakeIn(IReadOnlyList<EventixTask> tasks, long sentAt)
    {
        if (tasks.Count > 0)
            _claimedAt = clock.GetTimestamp();

        var (run, giveBack) = _suspects.Divide(tasks, hand.HasSuspect);
        foreach (var task in run)
            _claimed.Writer.TryWrite(hand.Add(Hold(task, sentAt)));
        foreach (var outcome in giveBack)
        {
            hand.End(hand.Add(Hold(outcome.Claimed, sentAt)));
            outcomes.Add(outcome);
        }
    }

    private TaskInHand Hold(EventixTask task, long sentAt) => new(task, sentAt, _suspects.Includes(task));

    private void GiveBackWhatHasNotBegun()
    {
        while (_claimed.Reader.TryRead(out var task))
        {
            hand.End(task);
            outcomes.Add(new TaskWriteBack(task.Task, task.Task.GiveBack()));
        }
    }

    private void Arrived(string @namespace)
    {
        if (_namespaces.Contains(@namespace))
            _wake.Set();
    }
}
