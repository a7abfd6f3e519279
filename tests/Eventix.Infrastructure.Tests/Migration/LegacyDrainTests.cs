using Eventix.Infrastructure.Tasks;
using Eventix.Infrastructure.Tests.Tasks;
using Eventix.Infrastructure.Tests.Workers;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>The imported queue is worked off by the engine. Each test imports it into a database of its own.</summary>
public sealed class LegacyDrainTests
{
    private const string Due = "status IN ('scheduled', 'retry') AND worker_id IS NULL AND eta <= now()";

    [Fact]
    public async Task Without_maintenance_every_due_task_is_done_and_every_other_one_untouched()
    {
        await using var dump = await ImportAsync();
        var due = await UidsAsync(dump, Due);
        var others = await RowsAsync(dump, $"NOT ({Due})");
        due.Should().HaveCountGreaterThan(500);

        await using (await StartWorkerAsync(dump))
            await UntilAsync(dump, $"SELECT count(*) FROM eventix_task WHERE {Due} OR status = 'processing' AND worker_expires > now()");

        (await UidsAsync(dump, "status = 'done' AND attempt = 1")).Should().BeEquivalentTo(due);
        (await RowsAsync(dump, "attempt = 0")).Should().BeEquivalentTo(others);
    }

    [Fact]
    public async Task With_maintenance_lost_leases_are_rescued_and_run_and_expired_finished_tasks_are_gone()
    {
        await using var dump = await ImportAsync();
        var due = await UidsAsync(dump, Due);
        var lost = await UidsAsync(dump, "status = 'processing' AND worker_expires < now() AND eta <= now()");
        var lostButNotDue = await UidsAsync(dump, "status = 'processing' AND worker_expires < now() AND eta > now()");
        var expired = await UidsAsync(dump, "status IN ('done', 'error') AND expires < now()");
        lost.Should().NotBeEmpty();
        expired.Should().NotBeEmpty();

        await using var services = EventixServices.Build(dump.ConnectionString);
        var maintenance = services.GetRequiredService<TaskMaintenance>();
        await using (await StartWorkerAsync(dump))
        {
            while (await maintenance.RescueAsync(default) + await maintenance.DeleteExpiredAsync(default) > 0)
                continue;
            await UntilAsync(dump, $"SELECT count(*) FROM eventix_task WHERE {Due} OR status = 'processing'");
        }

        var superseded = await UidsAsync(dump, "result::text LIKE '%\"Superseded\"%'");
        (await UidsAsync(dump, "status = 'done' AND attempt = 1")).Should().BeEquivalentTo(due.Concat(lost).Except(superseded));
        (await UidsAsync(dump, "status = 'scheduled' AND worker_id IS NULL AND lost_leases = 1")).Should().BeEquivalentTo(lostButNotDue);
        (await UidsAsync(dump, "true")).Should().NotIntersectWith(expired);
    }

    private static async Task<LegacyDump> ImportAsync()
    {
        var dump = new LegacyDump();
        await ((IAsyncLifetime)dump).InitializeAsync();

        return dump;
    }

    private static Task<RunningWorker> StartWorkerAsync(LegacyDump dump) =>
        RunningWorker.StartAsync(
            dump.ConnectionString,
            options => options.Namespaces = ["default", "erp", "eventix_system", "mail", "shop"]
        );

    private static async Task UntilAsync(LegacyDump dump, string count)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await dump.ScalarAsync<long>(count) is > 0 and var left)
        {
            if (deadline.IsCancellationRequested)
                throw new TimeoutException($"{left} tasks are left after a minute: {count}");
            await timer.WaitForNextTickAsync();
        }
    }

    private static async Task<List<string>> UidsAsync(LegacyDump dump, string where) => [.. (await RowsAsync(dump, where)).Keys];

    /// <summary>Whole rows, as text, by uid.</summary>
    private static async Task<Dictionary<string, string>> RowsAsync(LegacyDump dump, string where)
    {
        await using var command = dump.DataSource.CreateCommand($"SELECT uid, t::text FROM eventix_task t WHERE {where}");
        await using var rows = await command.ExecuteReaderAsync();

        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await rows.ReadAsync())
            found.Add(rows.GetString(0), rows.GetString(1));

        return found;
    }
}
