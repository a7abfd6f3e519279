using Eventix.Application.Examples;
using Eventix.Application.Tasks;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Tasks;
using Eventix.Infrastructure.Tests.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Workers;

/// <summary>What a host does for its leases, and what it does when it cannot.</summary>
public sealed class LeaseKeeperTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    private static readonly TimeSpan ShortLease = TimeSpan.FromSeconds(2);

    private Task<RunningWorker> Start(string @namespace, Action<IServiceCollection>? more = null, TimeSpan? lease = null) =>
        RunningWorker.StartAsync(
            eventix.ConnectionString,
            options => (options.Namespaces, options.Concurrency, options.Lease) = ([@namespace], 4, lease ?? ShortLease),
            more
        );

    private static Task UntilRuns(RunningWorker worker, int count = 1) =>
        Eventually.BecomesAsync(() => worker.Journal.Ran.Count >= count, $"{count} run");

    private Task UntilEnded(string uid) =>
        Eventually.BecomesAsync(
            async () => (await eventix.Get(uid)).Status is EventixTaskStatus.Done or EventixTaskStatus.Error,
            $"{uid} ends"
        );

    [Fact]
    public async Task A_host_that_gets_no_answer_for_a_whole_lease_stops_its_handlers_by_itself()
    {
        var claims = new CountedClaims();
        await using var worker = await Start("silence", claims.Register);
        var posted = await worker.With(scheduler => scheduler.DelayAsync(new Blocked("a")));
        await UntilRuns(worker);

        claims.Reachable = new TaskCompletionSource().Task;

        await Eventually.BecomesAsync(
            () => worker.Journal.Stopped.Contains(StopReason.LeaseLost),
            "the handler is told that its lease is lost"
        );
        (await eventix.Get(posted.Uid))
            .Status.Should()
            .Be(EventixTaskStatus.Processing, "nobody has released it, and its outcome is dropped");
        claims.Reachable = Task.CompletedTask;
    }

    [Fact]
    public async Task A_lease_that_is_kept_for_many_times_its_length_is_never_released()
    {
        await using var worker = await Start("long");
        var posted = await worker.With(scheduler => scheduler.DelayAsync(new Blocked("a")));
        await UntilRuns(worker);

        var until = DateTime.UtcNow + (5 * ShortLease);
        while (DateTime.UtcNow < until)
        {
            await eventix.Maintenance.RescueAsync(default);
            await Task.Delay(20);
        }

        worker.Journal.Gate.SetResult();
        await UntilEnded(posted.Uid);
        (await eventix.Get(posted.Uid))
            .Should()
            .BeEquivalentTo(
                new
                {
                    Attempt = 1,
                    LostLeases = 0,
                    RevisionCounter = 3L,
                }
            );
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(5)]
    public async Task A_host_whose_clock_is_hours_off_claims_keeps_and_writes_back_like_any_other(int hours)
    {
        var skew = $"skew {hours}";
        await using var worker = await Start(
            skew,
            services => services.AddSingleton<TimeProvider>(new SkewedClock(TimeSpan.FromHours(hours)))
        );
        var due = await worker.With(scheduler => scheduler.DelayAsync(new Blocked("due")));
        var failing = await worker.With(scheduler => scheduler.DelayAsync(new Failing("fails")));
        await eventix.Post(
            new NewTask
            {
                Uid = $"{skew} later",
                Task = "noop",
                Namespace = skew,
                Eta = DateTimeOffset.UtcNow.AddHours(1),
            }
        );
        await UntilRuns(worker);

        await UntilEnded(failing.Uid);
        var lease = (await eventix.Get(due.Uid)).WorkerExpires!.Value;
        (lease - DateTimeOffset.UtcNow).Should().BeLessThan(TimeSpan.FromMinutes(1)).And.BeGreaterThan(TimeSpan.FromMinutes(-1));
        await Eventually.BecomesAsync(async () => (await eventix.Get(due.Uid)).WorkerExpires > lease, "the lease is extended");
        worker.Journal.Gate.SetResult();
        await UntilEnded(due.Uid);

        var ended = await eventix.Get(due.Uid);
        ended.Should().BeEquivalentTo(new { Status = EventixTaskStatus.Done, Attempt = 1 });
        (ended.Expires - ended.UpdatedAt).Should().Be(TimeSpan.FromSeconds(EventixTask.DefaultResultExpires));
        (await eventix.Get($"{skew} later")).Attempt.Should().Be(0);
    }

    [Fact]
    public async Task Handlers_that_take_a_thread_each_do_not_starve_the_heartbeat()
    {
        const int Tasks = 40;
        await eventix.ExecuteAsync(
            $"INSERT INTO eventix_task (uid, task, namespace) SELECT 'sync-' || n, 'test.synchronous', 'sync' FROM generate_series(1, {Tasks}) n"
        );
        await using var worker = await RunningWorker.StartAsync(
            eventix.ConnectionString,
            options => (options.Namespaces, options.Concurrency, options.Lease) = (["sync"], Tasks, TimeSpan.FromSeconds(2))
        );

        await Eventually.BecomesAsync(
            async () =>
            {
                await eventix.Maintenance.RescueAsync(default);
                return await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'sync' AND status = 'done'")
                    == Tasks;
            },
            "all are done"
        );

        worker.Journal.Stopped.Should().BeEmpty();
        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'sync' AND lost_leases > 0")).Should().Be(0);
        worker.Journal.Ran.Should().HaveCount(Tasks);
    }

    [Fact]
    public async Task A_write_back_that_takes_several_leases_makes_none_look_lost()
    {
        var slow = new HeldUpWriteBacks();
        await using var worker = await Start("slow", slow.Register);
        var posted = await worker.With(scheduler => scheduler.DelayAsync(new Noop()));
        await Eventually.BecomesAsync(() => slow.Waiting, "the outcome is being written");

        var until = DateTime.UtcNow + (3 * ShortLease);
        while (DateTime.UtcNow < until)
        {
            await eventix.Maintenance.RescueAsync(default);
            await Task.Delay(20);
        }

        slow.Gate.SetResult();
        await UntilEnded(posted.Uid);
        (await eventix.Get(posted.Uid))
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = EventixTaskStatus.Done,
                    Attempt = 1,
                    LostLeases = 0,
                }
            );
    }

    [Fact]
    public async Task A_task_that_is_cancelled_while_it_runs_is_told_at_the_next_heartbeat_and_ends_when_its_handler_stops()
    {
        await using var worker = await Start("cancel");
        var posted = await worker.With(scheduler => scheduler.DelayAsync(new Blocked("a")));
        await UntilRuns(worker);

        await eventix.Send(new CancelTask(posted.Uid));

        await UntilEnded(posted.Uid);
        worker.Journal.Stopped.Should().Equal(StopReason.CancelRequested);
        var stored = await eventix.Get(posted.Uid);
        stored.Status.Should().Be(EventixTaskStatus.Error);
        System.Text.Encoding.UTF8.GetString(stored.Result!.Value.Span).Should().Contain("\"TaskCancelled\"");
    }

    [Fact]
    public async Task A_cancelled_task_that_finishes_all_the_same_keeps_its_own_outcome()
    {
        await using var worker = await Start("cancel late");
        var posted = await worker.With(scheduler => scheduler.DelayAsync(new Blocked("a", Stubborn: true)));
        await UntilRuns(worker);

        await eventix.Send(new CancelTask(posted.Uid));
        await Eventually.BecomesAsync(() => worker.Journal.Stopped.Contains(StopReason.CancelRequested), "the handler is told");
        worker.Journal.Gate.SetResult();

        await UntilEnded(posted.Uid);
        (await eventix.Get(posted.Uid))
            .Should()
            .BeEquivalentTo(new { Status = EventixTaskStatus.Done, CancelRequestedAt = (DateTimeOffset?)null });
    }

    [Fact]
    public async Task A_cancel_does_not_wait_for_a_heartbeat_that_is_far_away()
    {
        await using var listener = await RunningListener.StartAsync(eventix.ConnectionString);
        await using var worker = await Start(
            "cancel now",
            services => services.AddSingleton(listener.Cancels),
            lease: TimeSpan.FromHours(1)
        );
        var posted = await worker.With(scheduler => scheduler.DelayAsync(new Blocked("a")));
        await UntilRuns(worker);

        await eventix.Send(new CancelTask(posted.Uid));

        await UntilEnded(posted.Uid);
        worker.Journal.Stopped.Should().Equal(StopReason.CancelRequested);
    }

    [Fact]
    public async Task A_task_that_was_claimed_here_again_stops_its_first_run()
    {
        await using var worker = await Start("again");
        var posted = await worker.With(scheduler => scheduler.DelayAsync(new Blocked("a")));
        await UntilRuns(worker);

        await eventix.ExecuteAsync($"UPDATE eventix_task SET worker_expires = now() - interval '1 s' WHERE uid = '{posted.Uid}'");
        await eventix.Maintenance.RescueAsync(default);
        await UntilRuns(worker, 2);

        await Eventually.BecomesAsync(() => worker.Journal.Stopped.Contains(StopReason.LeaseLost), "the first run is told");
        worker.Journal.Gate.SetResult();
        await UntilEnded(posted.Uid);
        (await eventix.Get(posted.Uid))
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = EventixTaskStatus.Done,
                    Attempt = 2,
                    LostLeases = 1,
                }
            );
    }

    /// <summary>Its monotonic clock is the machine's; only the time of day is wrong, as where nobody sets it.</summary>
    private sealed class SkewedClock(TimeSpan skew) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + skew;
    }

    private sealed class HeldUpWriteBacks : ITaskWriteBacks
    {
        private ITaskWriteBacks? _writeBacks;

        public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public volatile bool Waiting;

        public void Register(IServiceCollection services) =>
            services.AddSingleton<ITaskWriteBacks>(provider =>
            {
                _writeBacks = ActivatorUtilities.CreateInstance<TaskWriteBacks>(provider);
                return this;
            });

        public async Task<IReadOnlyList<WriteBackAnswer>> WriteBackAsync(
            IReadOnlyList<TaskWriteBack> outcomes,
            CancellationToken cancellationToken
        )
        {
            Waiting = true;
            await Gate.Task;
            return await _writeBacks!.WriteBackAsync(outcomes, cancellationToken);
        }
    }
}
