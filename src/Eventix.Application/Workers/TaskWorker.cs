using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Eventix.Application.Workers;

/// <summary>
/// Runs what <see cref="ClaimLoop"/> claims, side by side, while <see cref="LeaseKeeper"/> keeps its leases, and hands the outcomes to
/// <see cref="OutcomeWriter"/>.
/// </summary>
internal sealed class TaskWorker(
    ClaimLoop claims,
    LeaseKeeper leases,
    OutcomeWriter outcomes,
    TaskRunner runner,
    RunningTasks running,
    TasksInHand hand,
    WorkerIncarnation worker,
    TaskRegistry registry,
    IOptions<TaskWorkerOptions> options,
    TimeProvider clock,
    ILogger<TaskWorker> logger
) : BackgroundService
{
    private static readonly TimeSpan LastMoment = TimeSpan.FromSeconds(2);

    /// <summary>So many handlers may block their thread without the heartbeat having to wait for one.</summary>
    private const int MostBlockedThreads = 100;

    private readonly TaskWorkerOptions _options = options.Value;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        logger.LogInformation(
            "Worker {Worker} runs {Tasks} of {Namespaces}, {Concurrency} at a time",
            worker.Id,
            registry.Names,
            _options.Namespaces,
            _options.Concurrency
        );

        AllowBlockedThreads();
        using var ended = new CancellationTokenSource();
        using var giveUp = new CancellationTokenSource();
        var writer = outcomes.RunAsync(Settle, giveUp.Token);
        var keeper = leases.RunAsync(ended.Token);
        var places = Enumerable
            .Range(0, _options.Concurrency)
            .Select(_ => Task.Run(() => RunTasksAsync(stoppingToken), CancellationToken.None))
            .ToList();
        var claiming = claims.RunAsync(stoppingToken);

        // The grace period begins with the stop, and not when a claim is answered that hangs on a database which does not answer.
        var first = await Task.WhenAny([claiming, writer, keeper, .. places, Task.Delay(Timeout.Infinite, stoppingToken)]);
        if (first.IsFaulted)
        {
            // A host that went on without a part of itself would keep its tasks leased, and never end them.
            await ended.CancelAsync();
            await first;
        }

        await EndRunningTasksAsync(Task.WhenAll([claiming, .. places]));

        outcomes.Complete();
        giveUp.CancelAfter(LastMoment);
        await writer;
        await ended.CancelAsync();
        await keeper;
    }

    // Beyond its minimum the pool adds one or two threads a second: a few dozen handlers with synchronous IO would cost the host its leases.
    private void AllowBlockedThreads()
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        var wanted = Math.Min(_options.Concurrency, MostBlockedThreads) + Environment.ProcessorCount;

        ThreadPool.SetMinThreads(Math.Max(workers, wanted), completions);
    }

    private async Task RunTasksAsync(CancellationToken stoppingToken)
    {
        await foreach (var task in claims.Claimed.ReadAllAsync(CancellationToken.None))
        {
            if (stoppingToken.IsCancellationRequested || task.IsCancelled || leases.IsOver(task))
                End(task, task.Task.GiveBack());
            else
                await RunAsync(task);
        }
    }

    private async Task RunAsync(TaskInHand task)
    {
        TaskOutcome? outcome;
        claims.Began();
        using (logger.BeginScope(new TaskLogScope(task.Task)))
        {
            try
            {
                var run = running.Begin(task.Task);
                leases.StopIfAsked(task);
                outcome = await runner.RunAsync(run);
            }
            catch (OperationCanceledException)
            {
                outcome = null;
            }
        }

        // Ended before by the lease or by the end of the grace period: then it is not this run that says what becomes of the task.
        if (running.End(task.Task))
            End(task, outcome ?? task.Task.GiveBack());
        else
            Drop(task);
    }

    private void End(TaskInHand task, TaskOutcome outcome)
    {
        hand.End(task);
        claims.Ended();
        outcomes.Add(new TaskWriteBack(task.Task, outcome));
    }

    private void Drop(TaskInHand task)
    {
        hand.End(task);
        claims.Ended();
        Settle([task.Task]);
    }

    /// <summary>Lets what runs end in the grace period, then stops it and gives it back.</summary>
    private async Task EndRunningTasksAsync(Task ended)
    {
        await Task.WhenAny(ended, Task.Delay(_options.Grace, clock));
        foreach (var task in running.Snapshot())
            running.Cancel(task, StopReason.HostStopping);

        await Task.WhenAny(ended, Task.Delay(LastMoment, clock));
        foreach (var task in running.Snapshot())
        {
            if (running.End(task))
            {
                logger.LogWarning("Task {Uid} ({Task}) did not end in the grace period and is given back", task.Uid, task.Task);
                outcomes.Add(new TaskWriteBack(task, task.GiveBack()));
            }
        }
    }

    private void Settle(IReadOnlyList<EventixTask> tasks)
    {
        foreach (var task in tasks)
            hand.Remove(task);

        claims.Wake();
    }
}
