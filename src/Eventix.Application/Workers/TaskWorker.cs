using System.Collections.Concurrent;
using System.Data.Common;
using System.Security.Cryptography;
using System.Threading.Channels;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Eventix.Application.Workers;

/// <summary>
/// Claims due tasks of the names that this host has handlers for, runs them side by side, and hands their outcomes to
/// <see cref="OutcomeWriter"/>. Waits only when there was nothing to do.
/// </summary>
internal sealed class TaskWorker(
    ITaskClaims claims,
    OutcomeWriter outcomes,
    TaskRunner runner,
    TaskRegistry registry,
    TaskArrivals arrivals,
    IOptions<TaskWorkerOptions> options,
    TimeProvider clock,
    ILogger<TaskWorker> logger
) : BackgroundService
{
    /// <summary>How long the prefetched tasks should last: claims then come in batches where tasks are short, and singly where they are long.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastMoment = TimeSpan.FromSeconds(2);

    private readonly TaskWorkerOptions _options = options.Value;

    // Leases are extended by worker, so the id is this incarnation's alone: two hosts may well be given the same name.
    private readonly string _worker = $"{options.Value.WorkerId}-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
    private readonly Channel<EventixTask> _claimed = Channel.CreateUnbounded<EventixTask>();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly RunningTasks _running = new();
    private readonly ConcurrentDictionary<string, EventixTask> _held = new();
    private Task<bool>? _woken;
    private int _inFlight;
    private long _begun;
    private long _ended;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        logger.LogInformation(
            "Worker {Worker} runs {Tasks} of {Namespaces}, {Concurrency} at a time",
            _worker,
            registry.Names,
            _options.Namespaces,
            _options.Concurrency
        );

        arrivals.Arrived += Wake;
        using var ended = new CancellationTokenSource();
        using var giveUp = new CancellationTokenSource();
        var writer = outcomes.RunAsync(Settle, giveUp.Token);
        var leases = KeepLeasesAsync(ended.Token);
        var runners = Task.WhenAll(
            Enumerable.Range(0, _options.Concurrency).Select(_ => Task.Run(() => RunTasksAsync(stoppingToken), CancellationToken.None))
        );

        await ClaimUntilStoppedAsync(stoppingToken);
        arrivals.Arrived -= Wake;
        await EndRunningTasksAsync(runners);

        outcomes.Complete();
        giveUp.CancelAfter(LastMoment);
        await ended.CancelAsync();
        await Task.WhenAll(writer, leases);
    }

    private async Task ClaimUntilStoppedAsync(CancellationToken stoppingToken)
    {
        var (measuredAt, endedThen, prefetch, moreIsDue, first) = (clock.GetTimestamp(), 0L, 0, false, 0);
        var (begunAt, begunThen) = (measuredAt, 0L);

        while (!stoppingToken.IsCancellationRequested)
        {
            var since = clock.GetElapsedTime(measuredAt);
            if (since >= Ahead)
            {
                var ended = Interlocked.Read(ref _ended);
                prefetch = (int)Math.Min(2 * OutcomeWriter.MostAtOnce, (ended - endedThen) * (Ahead / since));
                (measuredAt, endedThen) = (clock.GetTimestamp(), ended);
            }

            var begun = Interlocked.Read(ref _begun);
            if (begun != begunThen)
                (begunAt, begunThen) = (clock.GetTimestamp(), begun);
            else if (clock.GetElapsedTime(begunAt) >= _options.Patience)
                GiveBackWhatHasNotBegun();

            var room = _options.Concurrency + prefetch - Volatile.Read(ref _inFlight);
            if (room < (moreIsDue ? Math.Max(1, prefetch / 2) : 1))
            {
                await WaitAsync(_options.PollInterval, stoppingToken);
                continue;
            }

            try
            {
                var claimed = await ClaimAsync(room, first++, stoppingToken);
                moreIsDue = claimed == room;
                if (!moreIsDue)
                    await WaitAsync(_options.PollInterval, stoppingToken);
            }
            catch (Exception failed) when (failed is DbException or InvalidCastException)
            {
                // The latter: a row that an operator gave a time beyond the calendar. Its lease ends by itself.
                logger.LogWarning(failed, "Could not claim tasks; trying again in {Delay}", RetryDelay);
                await WaitAsync(RetryDelay, stoppingToken);
            }
        }
    }

    /// <summary>One claim per namespace, a different one first each time, until the room is taken.</summary>
    private async Task<int> ClaimAsync(int room, int first, CancellationToken stoppingToken)
    {
        var left = room;

        for (var i = 0; i < _options.Namespaces.Count && left > 0 && !stoppingToken.IsCancellationRequested; i++)
        {
            var @namespace = _options.Namespaces[(int)((uint)(first + i) % (uint)_options.Namespaces.Count)];

            // Not cancelled by the stop: a claim that is broken off half-way may have leased tasks that nobody would run.
            var tasks = await claims.ClaimAsync(
                new TaskClaim(@namespace, _worker, left, _options.Lease, registry.Names),
                CancellationToken.None
            );

            Interlocked.Add(ref _inFlight, tasks.Count);
            left -= tasks.Count;
            foreach (var task in tasks)
            {
                _held[task.Uid] = task;
                _claimed.Writer.TryWrite(task);
            }
        }

        return room - left;
    }

    private async Task RunTasksAsync(CancellationToken stoppingToken)
    {
        await foreach (var task in _claimed.Reader.ReadAllAsync(CancellationToken.None))
        {
            if (stoppingToken.IsCancellationRequested)
                outcomes.Add(new TaskWriteBack(task, task.GiveBack()));
            else
                await RunAsync(task);
        }
    }

    private async Task RunAsync(EventixTask task)
    {
        TaskOutcome? outcome;
        Interlocked.Increment(ref _begun);
        try
        {
            outcome = await runner.RunAsync(_running.Begin(task));
        }
        catch (OperationCanceledException)
        {
            outcome = null;
        }

        Interlocked.Increment(ref _ended);

        // Ended before by the lease or by the end of the grace period: then it is not this run that says what becomes of the task.
        if (_running.End(task))
            outcomes.Add(new TaskWriteBack(task, outcome ?? task.GiveBack()));
        else
            Settle([task]);
    }

    private void GiveBackWhatHasNotBegun()
    {
        while (_claimed.Reader.TryRead(out var task))
            outcomes.Add(new TaskWriteBack(task, task.GiveBack()));
    }

    /// <summary>Gives back what has not begun, lets the rest end in the grace period, then stops it and gives that back too.</summary>
    private async Task EndRunningTasksAsync(Task runners)
    {
        _claimed.Writer.Complete();
        GiveBackWhatHasNotBegun();

        await Task.WhenAny(runners, Task.Delay(_options.Grace, clock));
        foreach (var task in _running.Snapshot())
            _running.Cancel(task, StopReason.HostStopping);

        await Task.WhenAny(runners, Task.Delay(LastMoment, clock));
        foreach (var task in _running.Snapshot())
        {
            if (_running.End(task))
            {
                logger.LogWarning("Task {Uid} ({Task}) did not end in the grace period and is given back", task.Uid, task.Task);
                outcomes.Add(new TaskWriteBack(task, task.GiveBack()));
            }
        }
    }

    /// <summary>Extends the leases of all tasks of this host in one statement, and stops those that it does not hold any more.</summary>
    private async Task KeepLeasesAsync(CancellationToken ended)
    {
        var pause = _options.Lease / 3;

        while (await Waiting.ForAsync(pause, clock, ended))
        {
            var running = _running.Snapshot();
            pause = _options.Lease / 3;
            if (_held.IsEmpty)
                continue;

            try
            {
                var held = await claims.ExtendLeasesAsync(_worker, [.. _held.Keys], _options.Lease, ended);
                foreach (var task in running.Where(task => !held.Contains((task.Uid, task.Revision))))
                    Lose(task);
            }
            catch (DbException unreachable)
            {
                logger.LogWarning(unreachable, "Could not extend leases; trying again in {Delay}", RetryDelay);
                pause = RetryDelay;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Lose(EventixTask task)
    {
        _running.Cancel(task, StopReason.LeaseLost);
        if (_running.End(task))
            logger.LogWarning("The lease of task {Uid} ({Task}) was lost while it ran; its handler is asked to stop", task.Uid, task.Task);
    }

    private void Settle(IReadOnlyList<EventixTask> tasks)
    {
        foreach (var task in tasks)
            _held.TryRemove(KeyValuePair.Create(task.Uid, task));

        Interlocked.Add(ref _inFlight, -tasks.Count);
        _wake.Writer.TryWrite(true);
    }

    private void Wake(string @namespace)
    {
        if (_options.Namespaces.Contains(@namespace))
            _wake.Writer.TryWrite(true);
    }

    /// <summary>Until a task is settled or comes in, at most <paramref name="atMost"/>.</summary>
    private async Task WaitAsync(TimeSpan atMost, CancellationToken stoppingToken)
    {
        // One waiter at a time: the channel keeps every one that it was asked for until somebody writes, which may be never.
        _woken ??= _wake.Reader.WaitToReadAsync(stoppingToken).AsTask();
        if (await Task.WhenAny(_woken, Task.Delay(atMost, clock, stoppingToken)) != _woken)
            return;

        _wake.Reader.TryRead(out _);
        _woken = null;
    }
}
