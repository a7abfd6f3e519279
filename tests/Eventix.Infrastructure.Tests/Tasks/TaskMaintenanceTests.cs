using System.Text.Json;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class TaskMaintenanceTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    [Fact]
    public async Task Only_leases_that_have_run_out_are_released()
    {
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, status, worker_id, worker_expires) VALUES
                ('out', 't', 'processing', 'w', now() - interval '1 s'),
                ('running', 't', 'processing', 'w', now() + interval '1 hour'),
                ('waits with a worker', 't', 'retry', 'w', now() - interval '1 s'),
                ('done with a worker', 't', 'done', 'w', now() - interval '1 s')
            """
        );

        (await eventix.Maintenance.RescueAsync(default)).Should().Be(2);

        (await eventix.Get("out"))
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = EventixTaskStatus.Scheduled,
                    WorkerId = (string?)null,
                    LostLeases = 1,
                    RevisionCounter = 2L,
                }
            );
        (await eventix.Get("waits with a worker"))
            .Should()
            .BeEquivalentTo(new { Status = EventixTaskStatus.Scheduled, WorkerId = (string?)null });
        (await eventix.Get("running")).RevisionCounter.Should().Be(1);
        (await eventix.Get("done with a worker")).RevisionCounter.Should().Be(1);
        await eventix.ExecuteAsync("DELETE FROM eventix_task");
    }

    [Fact]
    public async Task Lost_leases_of_one_key_in_one_round_leave_one_waiting_task()
    {
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, unique_key, status, worker_id, worker_expires, priority)
            SELECT 'key-' || n, 't', 'k', 'processing', 'w', now() - interval '1 s', 10 - n FROM generate_series(1, 5) n
            """
        );

        (await eventix.Maintenance.RescueAsync(default)).Should().Be(5);

        (await eventix.Get("key-1")).Should().BeEquivalentTo(new { Status = EventixTaskStatus.Scheduled, Priority = 5 });
        (
            await eventix.ScalarAsync<long>(
                "SELECT count(*) FROM eventix_task WHERE unique_key = 'k' AND status = 'error' AND result::text LIKE '%Superseded%'"
            )
        )
            .Should()
            .Be(4);
        await eventix.ExecuteAsync("DELETE FROM eventix_task");
    }

    [Fact]
    public async Task A_task_that_was_asked_to_stop_does_not_run_again_when_its_lease_has_run_out()
    {
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, unique_key, status, worker_id, worker_expires, cancel_requested_at)
            SELECT 'stop-' || coalesce(k, 'plain'), 't', k, 'processing', 'w', now() - interval '1 s', now() FROM unnest(ARRAY['k', NULL]) k
            """
        );

        (await eventix.Maintenance.RescueAsync(default)).Should().Be(2);

        foreach (var uid in new[] { "stop-k", "stop-plain" })
        {
            var stored = await eventix.Get(uid);
            stored
                .Should()
                .BeEquivalentTo(
                    new
                    {
                        Status = EventixTaskStatus.Error,
                        WorkerId = "w",
                        CancelRequestedAt = (DateTimeOffset?)null,
                    }
                );
            System.Text.Encoding.UTF8.GetString(stored.Result!.Value.Span).Should().Contain("\"TaskCancelled\"");
        }

        await eventix.ExecuteAsync("DELETE FROM eventix_task");
    }

    [Fact]
    public async Task A_time_beyond_the_calendar_keeps_no_other_task_leased()
    {
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, unique_key, status, worker_expires, eta)
            SELECT 'time-' || n, 't', CASE WHEN n % 2 = 0 THEN 'time-' || n END, 'processing', now() - interval '1 s', eta
            FROM unnest(ARRAY['20000-01-01', '20000-01-01', '0500-01-01 BC', '0500-01-01 BC', 'infinity', '-infinity', '2020-01-01']::timestamptz[])
                WITH ORDINALITY AS times (eta, n)
            """
        );

        (await eventix.Maintenance.RescueAsync(default)).Should().Be(7);

        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE uid LIKE 'time-%' AND status = 'scheduled'"))
            .Should()
            .Be(7);
        await eventix.ExecuteAsync("DELETE FROM eventix_task");
    }

    [Fact]
    public async Task A_task_that_has_lost_its_last_lease_is_set_aside_and_says_so()
    {
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, unique_key, status, worker_id, worker_expires, lost_leases, error_expires) VALUES
                ('last', 't', NULL, 'processing', 'w', now() - interval '1 s', 4, 60),
                ('last of a key', 't', 'k', 'processing', 'w', now() - interval '1 s', 4, NULL),
                ('waits under the key', 't', 'k', 'scheduled', NULL, NULL, 0, NULL),
                ('last but one', 't', NULL, 'processing', 'w', now() - interval '1 s', 3, NULL)
            """
        );

        (await eventix.Maintenance.RescueAsync(default)).Should().Be(3);

        foreach (var uid in new[] { "last", "last of a key" })
        {
            var stored = await eventix.Get(uid);
            stored
                .Should()
                .BeEquivalentTo(
                    new
                    {
                        Status = EventixTaskStatus.Error,
                        LostLeases = 5,
                        WorkerId = "w",
                        WorkerExpires = (DateTimeOffset?)null,
                        RevisionCounter = 2L,
                    }
                );
            var error = JsonDocument.Parse(stored.Result!.Value).RootElement;
            error
                .EnumerateObject()
                .Select(key => key.Name)
                .Should()
                .Equal("error_class", "error_message", "error_status_code", "error_traceback", "error_payload");
            error.GetProperty("error_class").GetString().Should().Be("TooManyLostLeases");
            error.GetProperty("error_message").GetString().Should().Contain("ran out 5 times");
        }

        var kept = (await eventix.Get("last")).Expires - (await eventix.Get("last")).UpdatedAt;
        kept.Should().Be(TimeSpan.FromSeconds(60));
        (await eventix.Get("last of a key")).Expires.Should().BeNull();
        (await eventix.Get("waits under the key")).RevisionCounter.Should().Be(1);
        (await eventix.Get("last but one")).Should().BeEquivalentTo(new { Status = EventixTaskStatus.Scheduled, LostLeases = 4 });
        await eventix.ExecuteAsync("DELETE FROM eventix_task");
    }

    [Fact]
    public async Task A_rescheduled_task_has_all_its_chances_again()
    {
        await eventix.ExecuteAsync(
            "INSERT INTO eventix_task (uid, task, status, worker_id, worker_expires, lost_leases) VALUES ('again', 't', 'processing', 'w', now() - interval '1 s', 4)"
        );
        await eventix.Maintenance.RescueAsync(default);

        await eventix.Send(new RescheduleTask("again", Eta: null));

        (await eventix.Get("again")).Should().BeEquivalentTo(new { Status = EventixTaskStatus.Scheduled, LostLeases = 0 });
        await eventix.ExecuteAsync("DELETE FROM eventix_task");
    }

    [Fact]
    public async Task A_long_clean_up_keeps_nobody_from_releasing_leases()
    {
        await eventix.ExecuteAsync(
            "INSERT INTO eventix_task (uid, task, status, worker_id, worker_expires) VALUES ('behind', 't', 'processing', 'w', now() - interval '1 s')"
        );
        await using var connection = await eventix.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var cleansUp = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended('eventix clean-up', 0))", connection))
            await cleansUp.ExecuteNonQueryAsync();

        (await eventix.Maintenance.DeleteExpiredAsync(default)).Should().Be(0, "another host is at it");
        (await eventix.Maintenance.RescueAsync(default)).Should().Be(1);

        await eventix.ExecuteAsync("DELETE FROM eventix_task");
    }

    [Fact]
    public async Task Only_finished_tasks_that_have_expired_are_deleted()
    {
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, status, expires, worker_expires)
            SELECT status || age, 't', status, now() - make_interval(days => age), now() + interval '1 day'
            FROM unnest(ARRAY['scheduled', 'processing', 'done', 'error', 'retry']) status, unnest(ARRAY[-1, 1]) age
            """
        );

        (await eventix.Maintenance.DeleteExpiredAsync(default)).Should().Be(2);

        (await eventix.ScalarAsync<string>("SELECT string_agg(uid, ' ' ORDER BY uid) FROM eventix_task"))
            .Should()
            .Be("done-1 error-1 processing-1 processing1 retry-1 retry1 scheduled-1 scheduled1");
        await eventix.ExecuteAsync("DELETE FROM eventix_task");
    }

    [Fact]
    public async Task Hosts_that_rescue_at_the_same_time_release_each_task_once()
    {
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, status, worker_id, worker_expires)
            SELECT 'swarm-' || n, 't', 'processing', 'w', now() - interval '1 s' FROM generate_series(1, 3000) n
            """
        );

        var rescued = await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        var total = 0;
                        while (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE status = 'processing'") > 0)
                            total += await eventix.Maintenance.RescueAsync(default);
                        return total;
                    })
                )
        );

        rescued.Sum().Should().Be(3000);
        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE revision = 2 AND lost_leases = 1")).Should().Be(3000);
        await eventix.ExecuteAsync("DELETE FROM eventix_task");
    }

    [Fact]
    public async Task A_transaction_changes_a_bounded_number_of_rows()
    {
        await eventix.ExecuteAsync(
            "INSERT INTO eventix_task (uid, task, status, expires) SELECT 'old-' || n, 't', 'done', now() - interval '1 s' FROM generate_series(1, 700) n"
        );

        (await eventix.Maintenance.DeleteExpiredAsync(default)).Should().Be(TaskMaintenance.BatchSize);
        (await eventix.Maintenance.DeleteExpiredAsync(default)).Should().Be(700 - TaskMaintenance.BatchSize);
        (await eventix.Maintenance.DeleteExpiredAsync(default)).Should().Be(0);
    }

    [Fact]
    public async Task A_look_may_take_longer_than_other_statements()
    {
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, status, worker_expires, expires) VALUES
                ('lost', 't', 'processing', now() - interval '1 s', NULL),
                ('expired', 't', 'done', NULL, now() - interval '1 s')
            """
        );
        await using var impatient = EventixServices.Build(eventix.ConnectionString + ";Command Timeout=1");
        var maintenance = impatient.GetRequiredService<TaskMaintenance>();

        (await WhileLockedAsync(() => maintenance.RescueAsync(default))).Should().Be(1);
        (await WhileLockedAsync(() => maintenance.DeleteExpiredAsync(default))).Should().Be(1);
        await eventix.ExecuteAsync("DELETE FROM eventix_task");
    }

    /// <summary>Locks the table until the look has waited for more than a second.</summary>
    private async Task<int> WhileLockedAsync(Func<Task<int>> look)
    {
        const string HasWaited = """
            SELECT count(*) > 0 FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '1.2 s'
            """;

        await using var connection = await eventix.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("LOCK TABLE eventix_task IN ACCESS EXCLUSIVE MODE", connection, transaction))
            await hold.ExecuteNonQueryAsync();

        var found = look();
        while (!found.IsCompleted && !await eventix.ScalarAsync<bool>(HasWaited))
            await Task.Delay(20);
        await transaction.CommitAsync();

        return await found;
    }

    [Fact]
    public async Task Expired_tasks_are_found_by_the_index_of_those_that_ended()
    {
        await using var connection = await eventix.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();

        // Whether the index can serve the statement at all; small tables are always read whole.
        await using (var off = new NpgsqlCommand("SET LOCAL enable_seqscan = off", connection, transaction))
            await off.ExecuteNonQueryAsync();
        await using var explain = new NpgsqlCommand("EXPLAIN (FORMAT JSON) " + TaskMaintenance.DeleteExpired, connection, transaction);
        explain.Parameters.AddWithValue(TaskMaintenance.BatchSize);

        (await explain.ExecuteScalarAsync()).Should().BeOfType<string>().Which.Should().Contain("ix_eventix_task_expires");
    }
}
