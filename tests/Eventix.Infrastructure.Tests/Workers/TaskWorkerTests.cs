using System.Text.Json;
using Eventix.Application.Examples;
using Eventix.Application.Tasks;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Tasks;
using Eventix.Infrastructure.Tests.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Workers;

public sealed class TaskWorkerTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    private Task<RunningWorker> Start(string @namespace, int concurrency = 4, TimeSpan? grace = null, TimeSpan? lease = null) =>
        RunningWorker.StartAsync(
            eventix.ConnectionString,
            options =>
            {
                options.Namespaces = [@namespace];
                options.Concurrency = concurrency;
                options.Grace = grace ?? options.Grace;
                options.Lease = lease ?? options.Lease;
            }
        );

    private static Task Until(Func<Task<bool>> condition, string what) => Eventually.BecomesAsync(condition, what);

    private Task UntilCount(string @namespace, string status, long count) =>
        Until(
            async () =>
                await eventix.ScalarAsync<long>(
                    $"SELECT count(*) FROM eventix_task WHERE namespace = '{@namespace}' AND status = '{status}'"
                ) == count,
            $"{count} tasks of {@namespace} are {status}"
        );

    [Fact]
    public async Task A_posted_task_runs_and_its_answer_is_stored()
    {
        await eventix.Post(
            new NewTask
            {
                Uid = "e1",
                Task = "echo",
                Namespace = "echo",
                Args = """[1.0, "ä"]"""u8.ToArray(),
                Kwargs = """{"b": null}"""u8.ToArray(),
            }
        );
        await eventix.Post(
            new NewTask
            {
                Uid = "e2",
                Task = "sleep",
                Namespace = "echo",
                Kwargs = """{"seconds": 0.01}"""u8.ToArray(),
            }
        );
        await using var worker = await Start("echo");

        await UntilCount("echo", "done", 2);

        System
            .Text.Encoding.UTF8.GetString((await eventix.Get("e1")).Result!.Value.Span)
            .Should()
            .Be("""{"args":[1.0, "ä"],"kwargs":{"b": null}}""");
        (await eventix.Get("e2"))
            .Should()
            .BeEquivalentTo(new { Result = (ReadOnlyMemory<byte>?)null, WorkerExpires = (DateTimeOffset?)null });
    }

    [Fact]
    public async Task A_task_posted_from_CSharp_carries_the_defaults_of_its_attribute()
    {
        await using var worker = await Start("nobody claims here");

        var task = await worker.With(scheduler =>
            scheduler.DelayAsync(new Failing("x"), priority: -5, eta: DateTimeOffset.UtcNow.AddDays(1), uniqueKey: "k")
        );

        task.Should()
            .BeEquivalentTo(
                new
                {
                    Task = "test.failing",
                    Namespace = "nobody claims here",
                    Priority = -5,
                    MaxRetries = 1,
                    ErrorEtaInc = 0,
                    UniqueKey = "k",
                    ErrorExpires = (int?)null,
                }
            );
        System.Text.Encoding.UTF8.GetString(task.Kwargs.Span).Should().Be("""{"reason":"x"}""");
    }

    [Fact]
    public async Task A_failing_task_is_retried_and_ends_with_the_five_keys_of_its_error()
    {
        await using var worker = await Start("failing");
        var posted = await worker.With(scheduler => scheduler.DelayAsync(new Failing("no luck")));

        await UntilCount("failing", "error", 1);

        worker.Journal.Ran.Should().Equal("no luck", "no luck");
        var stored = await eventix.Get(posted.Uid);
        stored.RevisionCounter.Should().Be(5);
        var error = JsonDocument.Parse(stored.Result!.Value).RootElement;
        error
            .EnumerateObject()
            .Select(key => key.Name)
            .Should()
            .Equal("error_class", "error_message", "error_status_code", "error_traceback", "error_payload");
        error.GetProperty("error_class").GetString().Should().Be("InvalidOperationException");
        error.GetProperty("error_message").GetString().Should().Be("no luck");
        error.GetProperty("error_status_code").GetInt32().Should().Be(500);
        error.GetProperty("error_traceback")[0].GetString().Should().Contain("FailingHandler").And.NotContain(".cs");
        error.GetProperty("error_payload").EnumerateObject().Should().BeEmpty();
    }

    [Fact]
    public async Task Arguments_that_do_not_fit_and_validators_that_refuse_are_failures_of_the_task()
    {
        await eventix.Post(
            new NewTask
            {
                Uid = "wrong",
                Task = "sleep",
                Namespace = "wrong",
                Kwargs = """{"secs": 1}"""u8.ToArray(),
                Retry = false,
            }
        );
        await eventix.Post(
            new NewTask
            {
                Uid = "invalid",
                Task = "sleep",
                Namespace = "wrong",
                Args = "[-1]"u8.ToArray(),
                Retry = false,
            }
        );
        await using var worker = await Start("wrong");

        await UntilCount("wrong", "error", 2);

        JsonDocument
            .Parse((await eventix.Get("wrong")).Result!.Value)
            .RootElement.GetProperty("error_message")
            .GetString()
            .Should()
            .Be("sleep() has no argument 'secs'; it takes 'seconds'");
        JsonDocument
            .Parse((await eventix.Get("invalid")).Result!.Value)
            .RootElement.GetProperty("error_class")
            .GetString()
            .Should()
            .Be("ValidationException");
    }

    [Fact]
    public async Task Tasks_of_other_names_are_left_to_other_workers()
    {
        await eventix.Post(
            new NewTask
            {
                Uid = "python",
                Task = "a_python_function",
                Namespace = "shared",
                Priority = -1,
            }
        );
        await eventix.Post(new NewTask { Task = "noop", Namespace = "shared" });
        await using var worker = await Start("shared");

        await UntilCount("shared", "done", 1);

        (await eventix.Get("python")).RevisionCounter.Should().Be(1);
    }

    [Fact]
    public async Task As_many_tasks_run_at_once_as_the_host_is_told()
    {
        await using var worker = await Start("busy", concurrency: 3);
        for (var n = 0; n < 9; n++)
            await worker.With(scheduler => scheduler.DelayAsync(new Blocked($"{n}")));

        await Until(() => Task.FromResult(worker.Journal.Ran.Count == 3), "three tasks run");
        worker.Journal.Gate.SetResult();
        await UntilCount("busy", "done", 9);

        worker.Journal.MostAtOnce.Should().Be(3);
    }

    [Fact]
    public async Task Thousands_of_short_tasks_are_drained_and_none_runs_twice()
    {
        await eventix.ExecuteAsync(
            "INSERT INTO eventix_task (uid, task, namespace) SELECT 'short-' || n, 'noop', 'short' FROM generate_series(1, 5000) n"
        );
        await using var worker = await Start("short");

        await UntilCount("short", "done", 5000);

        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'short' AND attempt = 1 AND revision = 3"))
            .Should()
            .Be(5000);
    }

    [Fact]
    public async Task A_stop_gives_prefetched_tasks_back_at_once_and_lets_running_ones_end()
    {
        // Short tasks first: they make the worker claim ahead, and so it holds blocked ones that it has not begun.
        await InsertShortThenBlockedAsync("stop");
        var worker = await RunningWorker.StartAsync(
            eventix.ConnectionString,
            options => (options.Namespaces, options.Concurrency, options.Patience) = (["stop"], 2, TimeSpan.FromHours(1))
        );
        await UntilCount("stop", "done", 3000);
        await Until(() => Task.FromResult(worker.Journal.Ran.Count == 2), "two tasks run");
        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'stop' AND status = 'processing'"))
            .Should()
            .BeGreaterThan(2);

        var stop = worker.StopAsync();
        await UntilCount("stop", "scheduled", 1998);
        stop.IsCompleted.Should().BeFalse("two tasks still run");
        worker.Journal.Gate.SetResult();
        await stop;

        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'stop' AND status = 'done'"))
            .Should()
            .Be(3002);
        (
            await eventix.ScalarAsync<long>(
                "SELECT count(*) FROM eventix_task WHERE namespace = 'stop' AND status = 'scheduled' AND worker_id IS NULL AND attempt = 0"
            )
        )
            .Should()
            .Be(1998);
    }

    [Fact]
    public async Task A_task_that_outlasts_the_grace_period_is_stopped_and_given_back_even_when_it_does_not_listen()
    {
        var worker = await Start("grace", concurrency: 2, grace: TimeSpan.FromMilliseconds(100));
        await worker.With(scheduler => scheduler.DelayAsync(new Blocked("listens")));
        await worker.With(scheduler => scheduler.DelayAsync(new Blocked("stubborn", Stubborn: true)));
        await Until(() => Task.FromResult(worker.Journal.Ran.Count == 2), "both tasks run");

        await worker.StopAsync();

        (
            await eventix.ScalarAsync<long>(
                "SELECT count(*) FROM eventix_task WHERE namespace = 'grace' AND status = 'scheduled' AND worker_id IS NULL"
            )
        )
            .Should()
            .Be(2);
        worker.Journal.Gate.SetResult();
    }

    [Fact]
    public async Task The_grace_period_begins_with_the_stop_also_when_a_claim_gets_no_answer()
    {
        var claims = new CountedClaims();
        var worker = await RunningWorker.StartAsync(
            eventix.ConnectionString,
            options => (options.Namespaces, options.Concurrency, options.Grace) = (["silent"], 2, TimeSpan.FromMilliseconds(100)),
            claims.Register
        );
        await worker.With(scheduler => scheduler.DelayAsync(new Blocked("x")));
        await Until(() => Task.FromResult(worker.Journal.Ran.Count == 1), "the task runs");
        var answered = new TaskCompletionSource();
        claims.Claimable = answered.Task;
        var before = claims.Claims;
        await Until(() => Task.FromResult(claims.Claims > before), "a claim is on its way");

        await worker.StopAsync().WaitAsync(TimeSpan.FromSeconds(30));

        worker.Journal.Stopped.Should().Equal(StopReason.HostStopping);
        await UntilCount("silent", "scheduled", 1);
        answered.SetResult();
    }

    [Fact]
    public async Task A_host_that_cannot_write_back_any_more_for_a_bug_ends_instead_of_keeping_its_tasks()
    {
        await using var worker = await RunningWorker.StartAsync(
            eventix.ConnectionString,
            options => options.Namespaces = ["bug"],
            services => services.AddSingleton<ITaskWriteBacks, BrokenWriteBacks>()
        );
        await worker.With(scheduler => scheduler.DelayAsync(new Noop()));

        await FluentActions.Awaiting(() => worker.Ended.WaitAsync(TimeSpan.FromSeconds(30))).Should().ThrowAsync<NotSupportedException>();
    }

    private sealed class BrokenWriteBacks : ITaskWriteBacks
    {
        public Task<IReadOnlyList<WriteBackAnswer>> WriteBackAsync(
            IReadOnlyList<TaskWriteBack> outcomes,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();
    }

    [Fact]
    public async Task A_running_task_keeps_its_lease_and_stops_when_it_is_lost_all_the_same()
    {
        await using var worker = await Start("leases", lease: TimeSpan.FromSeconds(3));
        var posted = await worker.With(scheduler => scheduler.DelayAsync(new Blocked("long")));
        await Until(() => Task.FromResult(worker.Journal.Ran.Count == 1), "the task runs");
        var lease = (await eventix.Get(posted.Uid)).WorkerExpires;

        await Until(async () => (await eventix.Get(posted.Uid)).WorkerExpires > lease, "the lease is extended");
        (await eventix.Get(posted.Uid)).RevisionCounter.Should().Be(2);

        // Somebody else takes the task over.
        await eventix.ExecuteAsync($"UPDATE eventix_task SET revision = 3, worker_id = 'other' WHERE uid = '{posted.Uid}'");
        await Until(() => Task.FromResult(worker.Journal.MostAtOnce == 1 && worker.Journal.IsIdle), "the handler is stopped");

        (await eventix.Get(posted.Uid))
            .Should()
            .BeEquivalentTo(
                new
                {
                    RevisionCounter = 3L,
                    WorkerId = "other",
                    Status = EventixTaskStatus.Processing,
                }
            );
    }

    [Fact]
    public async Task A_claim_whose_answer_got_lost_is_rescued_though_its_worker_goes_on()
    {
        var lost = new LosingClaims();
        await using var worker = await RunningWorker.StartAsync(
            eventix.ConnectionString,
            options => (options.Namespaces, options.Lease) = (["lost answers"], TimeSpan.FromMilliseconds(600)),
            services => services.AddSingleton<ITaskClaims>(provider => lost.Around(ActivatorUtilities.CreateInstance<TaskClaims>(provider)))
        );
        await worker.With(scheduler => scheduler.DelayAsync(new Blocked("keeps the heartbeat going")));
        await Until(() => Task.FromResult(worker.Journal.Ran.Count == 1), "the blocked task runs");

        lost.LoseNext = true;
        await worker.With(scheduler => scheduler.DelayAsync(new Noop()));
        await Until(() => Task.FromResult(!lost.LoseNext), "an answer is lost");

        // On a busy machine the blocked task may lose its lease too; only the other one can end.
        await Until(
            async () =>
            {
                await eventix.Maintenance.RescueAsync(default);
                return await eventix.ScalarAsync<long>(
                        "SELECT count(*) FROM eventix_task WHERE namespace = 'lost answers' AND status = 'done'"
                    ) == 1;
            },
            "the lost task is rescued and run"
        );
        worker.Journal.Gate.SetResult();
    }

    /// <summary>Claims, and then loses what was claimed, as a broken connection does.</summary>
    private sealed class LosingClaims : ITaskClaims
    {
        private ITaskClaims? _claims;

        public volatile bool LoseNext;

        public LosingClaims Around(ITaskClaims claims)
        {
            _claims = claims;
            return this;
        }

        public async Task<IReadOnlyList<EventixTask>> ClaimAsync(TaskClaim claim)
        {
            var claimed = await _claims!.ClaimAsync(claim);
            if (!LoseNext || claimed.Count == 0)
                return claimed;

            LoseNext = false;
            throw new NpgsqlException("The connection broke.");
        }

        public Task<IReadOnlyList<EventixTask>[]> ClaimAsync(IReadOnlyList<TaskClaim> claims) => _claims!.ClaimAsync(claims);

        public Task<IReadOnlyList<EventixTask>[]> ClaimAsync(NamespacesClaim claim) => _claims!.ClaimAsync(claim);

        public Task<IReadOnlyList<EventixTask>> ClaimOnceAsync(ClaimRequest request, CancellationToken cancellationToken) =>
            _claims!.ClaimOnceAsync(request, cancellationToken);

        public Task<IReadOnlyList<HeldLease>> ExtendLeasesAsync(
            string workerId,
            IReadOnlyCollection<string> uids,
            TimeSpan lease,
            CancellationToken cancellationToken
        ) => _claims!.ExtendLeasesAsync(workerId, uids, lease, cancellationToken);
    }

    [Fact]
    public async Task Tasks_that_were_claimed_ahead_are_given_back_when_long_ones_stand_in_front_of_them()
    {
        await InsertShortThenBlockedAsync("ahead");
        await using var worker = await RunningWorker.StartAsync(
            eventix.ConnectionString,
            options => (options.Namespaces, options.Concurrency, options.Patience) = (["ahead"], 2, TimeSpan.FromMilliseconds(100))
        );

        await UntilCount("ahead", "done", 3000);
        await UntilCount("ahead", "processing", 2);

        worker.Journal.Ran.Should().HaveCount(2);
        worker.Journal.Gate.SetResult();
    }

    [Fact]
    public async Task What_comes_after_a_quiet_time_is_begun_and_not_given_back()
    {
        var clock = new LeapingClock();
        await using var worker = await RunningWorker.StartAsync(
            eventix.ConnectionString,
            options =>
            {
                (options.Namespaces, options.Concurrency, options.Patience) = (["quiet"], 4, TimeSpan.FromMinutes(1));

                // A claim that is on its way when the clock leaps is an hour old when it answers: that must not be the end of its lease.
                options.Lease = TimeSpan.FromDays(2);
            },
            services => services.AddSingleton<TimeProvider>(clock)
        );

        for (var round = 1; round <= 20; round++)
        {
            clock.Leap(TimeSpan.FromHours(1));
            await eventix.ExecuteAsync(
                $"INSERT INTO eventix_task (uid, task, namespace) SELECT 'quiet-{round}-' || n, 'noop', 'quiet' FROM generate_series(1, 8) n"
            );
            await UntilCount("quiet", "done", 8 * round);
        }

        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'quiet' AND revision <> 3")).Should().Be(0);
    }

    /// <summary>Its timers are the machine's; what has passed for those who ask may be more.</summary>
    private sealed class LeapingClock : TimeProvider
    {
        private long _leapt;

        public void Leap(TimeSpan time) => Interlocked.Add(ref _leapt, (long)(time.TotalSeconds * TimestampFrequency));

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _leapt);
    }

    private Task InsertShortThenBlockedAsync(string @namespace) =>
        eventix.ExecuteAsync(
            $$"""
            INSERT INTO eventix_task (uid, task, namespace) SELECT '{{@namespace}}-short-' || n, 'noop', '{{@namespace}}' FROM generate_series(1, 3000) n;
            INSERT INTO eventix_task (uid, task, namespace, priority, kwargs)
            SELECT '{{@namespace}}-blocked-' || n, 'test.blocked', '{{@namespace}}', 1, '{"name": "x"}' FROM generate_series(1, 2000) n
            """
        );

    [Fact]
    public async Task A_handler_that_throws_when_it_is_told_to_stop_keeps_no_neighbour_leased()
    {
        var worker = await Start("spite", concurrency: 2, grace: TimeSpan.FromMilliseconds(100));
        await worker.With(scheduler => scheduler.DelayAsync(new Spiteful()));
        await worker.With(scheduler => scheduler.DelayAsync(new Blocked("neighbour")));
        await Until(() => Task.FromResult(worker.Journal.Ran.Count == 2), "both tasks run");

        await worker.StopAsync();

        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'spite' AND status = 'scheduled'"))
            .Should()
            .Be(2);
        worker.Journal.Gate.SetResult();
    }

    [Fact]
    public async Task A_task_that_comes_in_through_the_worker_s_own_host_does_not_wait_for_its_next_look()
    {
        await using var worker = await RunningWorker.StartAsync(
            eventix.ConnectionString,
            options => (options.Namespaces, options.PollInterval) = (["arrivals"], TimeSpan.FromHours(1))
        );
        for (var n = 1; n <= 3; n++)
        {
            await worker.With(scheduler => scheduler.DelayAsync(new Noop()));
            await UntilCount("arrivals", "done", n);
        }
    }

    [Fact]
    public async Task A_result_that_cannot_be_stored_is_the_task_s_failure_and_harms_no_neighbour()
    {
        await using var worker = await Start("unstorable");
        await eventix.ExecuteAsync(
            "INSERT INTO eventix_task (uid, task, namespace) SELECT 'fine-' || n, 'noop', 'unstorable' FROM generate_series(1, 50) n"
        );
        var posted = await worker.With(scheduler => scheduler.DelayAsync(new Unstorable()));

        await UntilCount("unstorable", "done", 50);
        await UntilCount("unstorable", "error", 1);

        JsonDocument
            .Parse((await eventix.Get(posted.Uid)).Result!.Value)
            .RootElement.GetProperty("error_message")
            .GetString()
            .Should()
            .Contain("stack depth");
    }

    [Fact]
    public async Task The_clean_up_tasks_of_an_old_system_worker_bring_about_a_round_of_maintenance()
    {
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, namespace, status, worker_expires, expires) VALUES
                ('old-lost', 't', 'old', 'processing', now() - interval '1 s', NULL),
                ('old-expired', 't', 'old', 'done', NULL, now() - interval '1 s')
            """
        );
        await using var worker = await Start("eventix_system");
        await worker.With(scheduler => scheduler.DelayAsync(new ReleaseLostLeases()));
        await worker.With(scheduler => scheduler.DelayAsync(new DeleteExpiredTasks()));

        await Until(
            async () =>
                await eventix.ScalarAsync<string>(
                    "SELECT coalesce(string_agg(uid || ' ' || status, ','), '') FROM eventix_task WHERE namespace IN ('old', 'eventix_system')"
                ) == "old-lost scheduled",
            "both have done their work and are gone"
        );
    }

    [Fact]
    public async Task Several_namespaces_are_served_side_by_side()
    {
        await eventix.ExecuteAsync(
            "INSERT INTO eventix_task (uid, task, namespace) SELECT 'several-' || n, 'noop', 'several-' || n % 3 FROM generate_series(1, 90) n"
        );
        await using var worker = await RunningWorker.StartAsync(
            eventix.ConnectionString,
            options => options.Namespaces = ["several-0", "several-1", "several-2"]
        );

        await Until(
            async () =>
                await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE uid LIKE 'several-%' AND status = 'done'") == 90,
            "all three are drained"
        );
    }
}
