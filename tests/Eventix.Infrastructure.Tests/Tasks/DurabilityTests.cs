using System.Collections.Concurrent;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Eventix.Testing;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class DurabilityTests
{
    [Fact]
    public async Task What_was_acknowledged_before_PostgreSQL_was_killed_is_there_after_its_restart()
    {
        const int Enough = 200;
        await using var cluster = await PostgresCluster.StartAsync(durable: true);
        await using var services = EventixServices.Build(cluster.ConnectionString);
        await services.GetRequiredService<DatabaseMigrator>().MigrateAsync(CancellationToken.None);
        var (posted, ended) = (new ConcurrentBag<string>(), new ConcurrentBag<EventixTask>());
        var reached = new TaskCompletionSource();

        // Clients that go on until the server is gone, and note what it has acknowledged.
        var clients = Enumerable
            .Range(0, 6)
            .Select(client =>
                Task.Run(async () =>
                {
                    await using var scope = services.CreateAsyncScope();
                    for (var n = 0; ; n++)
                    {
                        try
                        {
                            var task = new NewTask
                            {
                                Uid = $"{client}-{n}",
                                Task = "t",
                                UniqueKey = n % 2 == 0 ? $"{client}-{n}" : null,
                            };
                            await scope.ServiceProvider.GetRequiredService<IMediator>().Send(new PostTask(task));
                            posted.Add(task.Uid);
                            await WriteBackOneAsync(services, ended);
                        }
                        catch (NpgsqlException gone) when (gone is not PostgresException { SqlState: not ("57P01" or "57P02" or "57P03") })
                        {
                            return;
                        }

                        if (posted.Count >= Enough && ended.Count >= Enough)
                            reached.TrySetResult();
                    }
                })
            )
            .ToList();

        await reached.Task.WaitAsync(TimeSpan.FromMinutes(2));
        await cluster.KillAsync();
        await Task.WhenAll(clients);
        await cluster.RestartAsync();
        NpgsqlConnection.ClearAllPools();

        await using var database = NpgsqlDataSource.Create(cluster.ConnectionString);
        var stored = new Dictionary<string, (string Status, long Revision)>();
        await using (var command = database.CreateCommand("SELECT uid, status, revision FROM eventix_task"))
        await using (var rows = await command.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
                stored.Add(rows.GetString(0), (rows.GetString(1), rows.GetInt64(2)));
        }

        posted.Should().HaveCountGreaterThanOrEqualTo(Enough).And.OnlyContain(uid => stored.ContainsKey(uid));
        ended.Should().HaveCountGreaterThanOrEqualTo(Enough);
        ended.Select(task => (task.Uid, stored[task.Uid])).Should().OnlyContain(item => item.Item2.Status == "done");
        ended.Should().OnlyContain(task => stored[task.Uid].Revision == task.RevisionCounter + 1);
    }

    private static async Task WriteBackOneAsync(ServiceProvider services, ConcurrentBag<EventixTask> ended)
    {
        var claims = services.GetRequiredService<ITaskClaims>();
        foreach (var task in await claims.ClaimAsync(new TaskClaim("default", "w", 1, TimeSpan.FromMinutes(5))))
        {
            var outcome = new TaskWriteBack(task, task.Succeed("1"u8.ToArray()));
            var answers = await services.GetRequiredService<ITaskWriteBacks>().WriteBackAsync([outcome], CancellationToken.None);
            answers.Should().Equal(WriteBackAnswer.Written);
            ended.Add(task);
        }
    }
}
