using Eventix.Infrastructure.Persistence;
using Eventix.Infrastructure.Tests.Tasks;
using Eventix.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Workers;

public sealed class DatabaseOutageTests
{
    [Fact]
    public async Task A_worker_outlives_its_database_and_writes_back_what_ended_meanwhile()
    {
        await using var cluster = await PostgresCluster.StartAsync(durable: true);
        await using (var services = EventixServices.Build(cluster.ConnectionString))
            await services.GetRequiredService<DatabaseMigrator>().MigrateAsync(CancellationToken.None);
        await ExecuteAsync(
            cluster,
            """
            INSERT INTO eventix_task (uid, task, kwargs) SELECT 'blocked-' || n, 'test.blocked', '{"name": "x"}' FROM generate_series(1, 4) n;
            INSERT INTO eventix_task (uid, task, priority) SELECT 'later-' || n, 'noop', 1 FROM generate_series(1, 20) n
            """
        );
        await using var worker = await RunningWorker.StartAsync(cluster.ConnectionString, options => options.Concurrency = 4);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (worker.Journal.Ran.Count < 4)
            await timer.WaitForNextTickAsync(deadline.Token);

        await cluster.KillAsync();
        worker.Journal.Gate.SetResult();
        while (!worker.Journal.IsIdle)
            await timer.WaitForNextTickAsync(deadline.Token);
        await cluster.RestartAsync();

        while (await ScalarAsync(cluster, "SELECT count(*) FROM eventix_task WHERE status = 'done' AND attempt = 1") < 24)
            await timer.WaitForNextTickAsync(deadline.Token);
        worker.Journal.Ran.Should().HaveCount(4, "nothing has run twice");
    }

    private static async Task ExecuteAsync(PostgresCluster cluster, string sql)
    {
        await using var database = NpgsqlDataSource.Create(cluster.ConnectionString + ";Pooling=false");
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<long> ScalarAsync(PostgresCluster cluster, string sql)
    {
        await using var database = NpgsqlDataSource.Create(cluster.ConnectionString + ";Pooling=false");
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
