using Eventix.Application.Tasks;
using Eventix.Infrastructure.Tasks;
using Microsoft.Extensions.Options;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class TaskRetentionTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    private TaskRetention Retention(TimeSpan? age = null, int? count = null) =>
        new(eventix.DataSource, Options.Create(new MaintenanceOptions { Retention = age, RetentionCount = count }));

    /// <summary>In two namespaces, one task of each status and of each age from 0 to 4 days, none of which expires by itself.</summary>
    private Task InsertAsync() =>
        eventix.ExecuteAsync(
            """
            DELETE FROM eventix_task;
            INSERT INTO eventix_task (uid, task, namespace, status, updated_at, worker_expires)
            SELECT namespace || '-' || status || '-' || age, 't', namespace, status, now() - make_interval(days => age), now() + interval '1 day'
            FROM unnest(ARRAY['a', 'b']) namespace, unnest(ARRAY['scheduled', 'processing', 'done', 'error', 'retry']) status,
                generate_series(0, 4) age
            """
        );

    private Task<string> FinishedAsync() =>
        eventix.ScalarAsync<string>(
            "SELECT coalesce(string_agg(uid, ' ' ORDER BY uid), '') FROM eventix_task WHERE status IN ('done', 'error') AND namespace = 'a'"
        );

    private Task<long> UnfinishedAsync() =>
        eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE status NOT IN ('done', 'error')");

    [Fact]
    public async Task By_age_what_ended_too_long_ago_goes()
    {
        await InsertAsync();

        (await Retention(age: TimeSpan.FromDays(2.5)).SweepAsync(default)).Should().Be(8);

        (await FinishedAsync()).Should().Be("a-done-0 a-done-1 a-done-2 a-error-0 a-error-1 a-error-2");
        (await UnfinishedAsync()).Should().Be(30);
    }

    [Fact]
    public async Task By_count_the_latest_of_each_namespace_stay()
    {
        await InsertAsync();

        (await Retention(count: 4).SweepAsync(default)).Should().Be(12);

        (await FinishedAsync()).Should().Be("a-done-0 a-done-1 a-error-0 a-error-1");
        (await UnfinishedAsync()).Should().Be(30);
    }

    [Fact]
    public async Task Both_hold_at_once()
    {
        await InsertAsync();

        await Retention(age: TimeSpan.FromDays(0.5), count: 9).SweepAsync(default);

        (await FinishedAsync()).Should().Be("a-done-0 a-error-0");
        (await Retention(age: TimeSpan.FromDays(0.5), count: 9).SweepAsync(default)).Should().Be(0);
    }

    [Fact]
    public void It_is_off_unless_it_is_asked_for()
    {
        Retention().IsWanted.Should().BeFalse();
        Retention(count: 1).IsWanted.Should().BeTrue();
    }

    [Fact]
    public async Task Of_many_hosts_one_has_the_turn_and_the_next_when_it_is_due()
    {
        var hosts = Enumerable.Range(0, 10).Select(_ => new RetentionTurns(eventix.DataSource)).ToList();
        async Task<int> TurnsAsync() => (await Task.WhenAll(hosts.Select(host => host.TakeAsync(default)))).Count(isTaken => isTaken);

        (await TurnsAsync()).Should().Be(1);
        (await TurnsAsync()).Should().Be(0, "one host is at it");

        await hosts[0].EndAsync(TimeSpan.FromHours(1), default);
        (await TurnsAsync()).Should().Be(0, "none is due");

        await eventix.ExecuteAsync("UPDATE eventix_maintenance SET due_at = now()");
        (await TurnsAsync()).Should().Be(1);

        await eventix.ExecuteAsync("UPDATE eventix_maintenance SET due_at = due_at - interval '10 min'");
        (await TurnsAsync()).Should().Be(1, "the host that had the turn has died");
    }

    [Fact]
    public async Task One_that_is_being_written_is_left_for_the_next_sweep()
    {
        await InsertAsync();
        await using var connection = await eventix.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var operators = new Npgsql.NpgsqlCommand("UPDATE eventix_task SET result = '1' WHERE uid = 'a-done-4'", connection))
            await operators.ExecuteNonQueryAsync();

        (await Retention(age: TimeSpan.FromDays(2.5)).SweepAsync(default)).Should().Be(7);
    }
}
