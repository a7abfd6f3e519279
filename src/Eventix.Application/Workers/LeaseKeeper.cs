using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Eventix.Application.Workers;

/// <summary>
/// Extends the leases of everything that this host holds, in one statement; stops what it does not hold any more, or was cancelled. A host that
/// stood still, or cannot reach PostgreSQL, must not go on as if nothing had happened: what it could not extend for a whole lease counts as lost,
/// by a clock that nobody sets and without waiting for an answer.
/// </summary>
internal sealed partial class LeaseKeeper(
    ITaskClaims claims,
    TasksInHand hand,
    RunningTasks running,
    WorkerIncarnation worker,
    TaskCancels cancels,
    IOptions<TaskWorkerOptions> options,
    TimeProvider clock,
    ILogger<LeaseKeeper> logger
)
{
    // Two of three heartbeats may fail without harm.
    private const int BeatsPerLease = 3;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Instant = TimeSpan.FromMilliseconds(1);

    private readonly TimeSpan _lease = options.Value.Lease;
    private readonly WakeSignal _wake = new(clock);

    public async Task RunAsync(CancellationToken ended)
    {
        cancels.Requested += WakeForCancel;
        await Task.WhenAll(BeatAsync(ended), WatchAsync(ended));
        cancels.Requested -= WakeForCancel;
    }

    /// <summary>Whether it must be taken for lost.</summary>
    public bool IsOver(TaskInHand task) => task.IsLost || clock.GetElapsedTime(task.LeasedAt) >= _lease;

    /// <summary>For a run that has just begun: what is lost or cancelled by now was so before there was anything to stop.</summary>
    public void StopIfAsked(TaskInHand task)
    {
        if (IsOver(task))
            Lose(task, LogOver);
        else if (task.IsCancelled)
            Cancel(task);
    }

    private async Task BeatAsync(CancellationToken ended)
    {
        var pause = _lease / BeatsPerLease;
        while (true)
        {
            await _wake.WaitAsync(pause, ended);
            if (ended.IsCancellationRequested)
                return;

            pause = _lease / BeatsPerLease;
            if (hand.Count == 0)
                continue;

            try
            {
                await ExtendAsync(ended);
            }
            catch (Exception) when (ended.IsCancellationRequested)
            {
                // Whatever it was: nothing is held any more that could be extended.
                return;
            }
            catch (Exception failed)
            {
                // Whatever it was: a heart that stops beating is worse than one that complains.
                pause = pause < RetryDelay ? pause : RetryDelay;
                logger.LogWarning(failed, "Could not extend leases; trying again in {Delay}", pause);
            }
        }
    }

    private async Task ExtendAsync(CancellationToken ended)
    {
        // One that gets no answer is given up in time for the next one to be sent.
        using var patience = new CancellationTokenSource(_lease / BeatsPerLease > RetryDelay ? _lease / BeatsPerLease : RetryDelay, clock);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(ended, patience.Token);

        var asked = hand.Snapshot().Where(task => !task.IsLost).ToList();
        var sentAt = clock.GetTimestamp();
        var answer = await claims.ExtendLeasesAsync(worker.Id, asked.ConvertAll(task => task.Task.Uid), _lease, giveUp.Token);

        var held = answer.ToDictionary(lease => (lease.Uid, lease.Revision));
        foreach (var task in asked)
        {
            if (!held.TryGetValue((task.Task.Uid, task.Task.Revision), out var lease))
            {
                Lose(task, LogLost);
                continue;
            }

            if (lease.IsExtended)
                task.LeasedAt = sentAt;
            if (lease.IsCancelled)
                Cancel(task);
        }
    }

    /// <summary>Looks when the first lease is over that was not extended, and then tells its handler.</summary>
    private async Task WatchAsync(CancellationToken ended)
    {
        while (await Waiting.ForAsync(UntilNextEnd(), clock, ended))
        {
            foreach (var task in hand.Snapshot().Where(IsToBeWatched).Where(IsOver))
                Lose(task, LogOver);
        }
    }

    private TimeSpan UntilNextEnd()
    {
        // Not a whole lease: one that is claimed in the meantime began when its claim was sent, which may be a while ago.
        var next = _lease / BeatsPerLease;
        foreach (var left in hand.Snapshot().Where(IsToBeWatched).Select(task => _lease - clock.GetElapsedTime(task.LeasedAt)))
            next = left < next ? left : next;

        return next > Instant ? next : Instant;
    }

    // What has ended is only to be written: nothing of it can be stopped, and PostgreSQL says whether it still counts.
    private static bool IsToBeWatched(TaskInHand task) => !task.IsLost && !task.HasEnded;

    private void Lose(TaskInHand task, Action<string, string> log)
    {
        task.IsLost = true;
        if (running.Drop(task.Task, StopReason.LeaseLost))
            log(task.Task.Uid, task.Task.Task);
    }

    private void Cancel(TaskInHand task)
    {
        task.IsCancelled = true;
        running.Cancel(task.Task, StopReason.CancelRequested);
    }

    private void WakeForCancel(string uid)
    {
        if (hand.Snapshot().Any(task => task.Task.Uid == uid))
            _wake.Set();
    }

    [LoggerMessage(LogLevel.Warning, "The lease of task {Uid} ({Task}) was lost while it ran; its handler is asked to stop")]
    private partial void LogLost(string uid, string task);

    [LoggerMessage(
        LogLevel.Warning,
        "The lease of task {Uid} ({Task}) could not be extended in time, so it may run elsewhere by now; its handler is asked to stop"
    )]
    private partial void LogOver(string uid, string task);
}
