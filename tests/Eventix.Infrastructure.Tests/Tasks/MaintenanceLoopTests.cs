using System.Collections.Concurrent;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Tasks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Eventix.Infrastructure.Tests.Tasks;

/// <summary>The loop as every host has it: registered with the database.</summary>
public sealed class MaintenanceLoopTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    private async Task InsertAsync(string uid) =>
        await eventix.ExecuteAsync(
            $"""
            INSERT INTO eventix_task (uid, task, status, worker_id, worker_expires, expires) VALUES
                ('{uid}-lost', 't', 'processing', 'w', now() - interval '1 s', NULL),
                ('{uid}-expired', 't', 'done', 'w', NULL, now() - interval '1 s')
            """
        );

    private MaintenanceLoop Loop(string enabled, string? retentionCount = null)
    {
        var services = EventixServices.Build(
            eventix.ConnectionString,
            services =>
                services.AddSingleton<IConfiguration>(
                    new ConfigurationBuilder()
                        .AddInMemoryCollection([
                            new("DATABASE_URL", eventix.ConnectionString),
                            new("EVENTIX_MAINTENANCE_ENABLED", enabled),
                            new("EVENTIX_MAINTENANCE_INTERVAL_SECONDS", "1"),
                            new("EVENTIX_RETENTION_COUNT", retentionCount),
                        ])
                        .Build()
                )
        );

        return services.GetServices<IHostedService>().OfType<MaintenanceLoop>().Single();
    }

    [Fact]
    public async Task Lost_leases_are_released_and_expired_tasks_deleted_round_after_round()
    {
        using var loop = Loop("true");
        await loop.StartAsync(CancellationToken.None);

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        foreach (var round in new[] { "first", "second" })
        {
            await InsertAsync(round);
            while (
                await eventix.ScalarAsync<string>(
                    $"SELECT string_agg(uid || ' ' || status, ',') FROM eventix_task WHERE uid LIKE '{round}%'"
                ) != $"{round}-lost scheduled"
            )
                await timer.WaitForNextTickAsync(deadline.Token);
        }

        await loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task The_clean_up_tasks_of_an_old_system_worker_are_answered_without_a_worker()
    {
        foreach (var (task, key) in new[] { ("task_cleanup_worker", "cleanup_worker"), ("task_cleanup_results", "cleanup_tasks") })
            await eventix.Post(
                new NewTask
                {
                    Task = task,
                    Namespace = "eventix_system",
                    UniqueKey = key,
                    StoreResult = false,
                }
            );
        await eventix.Post(new NewTask { Task = "something_else", Namespace = "eventix_system" });
        using var loop = Loop("true");
        await loop.StartAsync(CancellationToken.None);

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (
            await eventix.ScalarAsync<string>("SELECT string_agg(task || status, ',') FROM eventix_task WHERE namespace = 'eventix_system'")
            != "something_elsescheduled"
        )
            await timer.WaitForNextTickAsync(deadline.Token);

        await loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Retention_is_swept_where_it_is_set_and_then_rests_for_all_hosts()
    {
        await eventix.ExecuteAsync(
            "INSERT INTO eventix_task (uid, task, namespace, status) SELECT 'kept-' || n, 't', 'kept', 'done' FROM generate_series(1, 9) n"
        );
        using var without = Loop("true");
        using var with = Loop("true", retentionCount: "4");
        await without.StartAsync(CancellationToken.None);
        await with.StartAsync(CancellationToken.None);

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (
            await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'kept'") != 4
            || !await eventix.ScalarAsync<bool>("SELECT due_at < now() + interval '9 min' FROM eventix_maintenance")
        )
            await timer.WaitForNextTickAsync(deadline.Token);

        (await eventix.ScalarAsync<bool>("SELECT due_at > now() FROM eventix_maintenance")).Should().BeTrue();
        await without.StopAsync(CancellationToken.None);
        await with.StopAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData(10, 0, 200)]
    [InlineData(60, 0, 300)]
    [InlineData(10, 1, 10)]
    [InlineData(0.1, 0, 10)]
    public async Task A_look_in_vain_that_takes_long_is_taken_the_more_seldom(double seconds, int changed, int pause)
    {
        var clock = new StandingClock();
        await using var services = EventixServices.Build(
            eventix.ConnectionString,
            services =>
                services
                    .AddSingleton<TimeProvider>(clock)
                    .AddSingleton<ITaskMaintenance>(new Looks(clock, TimeSpan.FromSeconds(seconds), changed))
        );
        using var loop = services.GetServices<IHostedService>().OfType<MaintenanceLoop>().Single();

        await loop.StartAsync(CancellationToken.None);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var (release, delete) = (clock.Pauses.Take(deadline.Token), clock.Pauses.Take(deadline.Token));

        release.Should().Be(TimeSpan.FromSeconds(pause));
        delete.Should().Be(TimeSpan.FromSeconds(pause));
        await loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task It_can_be_switched_off()
    {
        await InsertAsync("off");
        using var loop = Loop("off");

        await loop.StartAsync(CancellationToken.None);
        await loop.ExecuteTask!;

        (await eventix.Get("off-lost")).Status.Should().Be(EventixTaskStatus.Processing);
        (await eventix.Get("off-expired")).Status.Should().Be(EventixTaskStatus.Done);
    }

    /// <summary>A clock that is moved by hand, and keeps what is waited for.</summary>
    private sealed class StandingClock : TimeProvider
    {
        private long _ticks;

        public BlockingCollection<TimeSpan> Pauses { get; } = [];

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Move(TimeSpan time) => _ticks += time.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Pauses.Add(dueTime);
            return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Maintenance that takes its time: a table on which it really does would take minutes to fill.</summary>
    private sealed class Looks(StandingClock clock, TimeSpan took, int changed) : ITaskMaintenance
    {
        public Task<int> ReleaseLostLeasesAsync(CancellationToken cancellationToken) => LookAsync();

        public Task<int> DeleteExpiredTasksAsync(CancellationToken cancellationToken) => LookAsync();

        private Task<int> LookAsync()
        {
            clock.Move(took);
            return Task.FromResult(changed);
        }
    }
}
