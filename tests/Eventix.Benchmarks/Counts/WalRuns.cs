using System.Net;
using System.Text;
using Eventix.Application.Tasks;
using Eventix.Benchmarks.Drains;
using Eventix.Benchmarks.Http;
using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;
using Eventix.Domain.Tasks;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Benchmarks.Counts;

/// <summary>
/// What a task writes into the log on its way, by our own code: posted, claimed, done with a result. On a server without full-page images, whose
/// number says when the last checkpoint was, and without autovacuum.
/// </summary>
internal static class WalRuns
{
    private const string Section = "Write-ahead log";
    private const int BatchSize = 500;

    public static async Task RunAsync(BenchServer ignored, Scale scale, Report report)
    {
        string[] settings = ["full_page_writes=off", "autovacuum=off"];
        await using var server = await BenchServer.StartAsync(settings);
        report.Remark($"write-ahead log: on a server of its own with {string.Join(", ", settings)}");

        var batches = await MeasureAsync(
            server,
            report,
            "batches of 500",
            scale.Pick(50_000, 5000),
            (api, database, count) => EngineAsync(database, count, BatchSize)
        );
        var single = await MeasureAsync(
            server,
            report,
            "one by one",
            scale.Pick(5000, 1000),
            (api, database, count) => EngineAsync(database, count, batch: 1)
        );
        var legacy = await MeasureAsync(
            server,
            report,
            "one by one over HTTP, legacy routes",
            scale.Pick(5000, 1000),
            (api, database, count) => LegacyAsync(api!, database, count)
        );

        report.Judge(Bar.WalInBatches, batches);
        report.Judge(Bar.WalOneByOne, Math.Max(single, legacy));
    }

    private delegate Task<long[]> Way(ApiProcess? api, BenchDatabase database, int count);

    /// <summary>Answers KiB for each task.</summary>
    private static async Task<double> MeasureAsync(BenchServer server, Report report, string name, int count, Way way)
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var api = name.Contains("HTTP", StringComparison.Ordinal) ? await ApiProcess.StartAsync(database) : null;

        var positions = await way(api, database, count);
        await DueTasks.CheckDoneAsync(database, count);

        string[] steps = ["post", "claim", "done"];
        for (var step = 0; step < positions.Length - 1; step++)
            report.Add(
                Section,
                Of($"{name}: {(positions.Length == 2 ? "all" : steps[step])}", (positions[step + 1] - positions[step]) / (double)count)
            );

        var bytes = (positions[^1] - positions[0]) / (double)count;
        report.Add(Section, Of($"{name}: sum", bytes));

        return bytes / 1024;
    }

    private static Series Of(string name, double bytes) => new(name, "bytes per task", [bytes]);

    private static async Task<long[]> EngineAsync(BenchDatabase database, int count, int batch)
    {
        using var host = EventixHost.Build(database.ConnectionString);
        var claims = host.Services.GetRequiredService<ITaskClaims>();
        var writeBacks = host.Services.GetRequiredService<ITaskWriteBacks>();
        var result = Encoding.UTF8.GetBytes(DueTasks.Result);
        var kwargs = Encoding.UTF8.GetBytes(DueTasks.Kwargs);
        var positions = new List<long> { await PositionAsync(database) };

        for (var posted = 0; posted < count; posted += batch)
            await PostAsync(host.Services, [.. Enumerable.Range(0, batch).Select(_ => new NewTask { Task = Touch.Name, Kwargs = kwargs })]);
        positions.Add(await PositionAsync(database));

        var claimed = new List<IReadOnlyList<EventixTask>>();
        for (var i = 0; i < count; i += batch)
            claimed.Add(await claims.ClaimAsync(new TaskClaim("default", "bench", batch, TimeSpan.FromMinutes(30))));
        positions.Add(await PositionAsync(database));

        foreach (var tasks in claimed)
            await writeBacks.WriteBackAsync(
                [.. tasks.Select(task => new TaskWriteBack(task, task.Succeed(result)))],
                CancellationToken.None
            );
        positions.Add(await PositionAsync(database));

        return [.. positions];
    }

    private static async Task PostAsync(IServiceProvider services, IReadOnlyList<NewTask> tasks)
    {
        await using var scope = services.CreateAsyncScope();
        var mediator = scope.ServiceProvider.GetRequiredService<IMediator>();
        if (tasks is [var single])
            await mediator.Send(new PostTask(single));
        else
            await mediator.Send(new PostTasks(tasks));
    }

    private static async Task<long[]> LegacyAsync(ApiProcess api, BenchDatabase database, int count)
    {
        var before = await PositionAsync(database);
        var (post, next) = (TaskRequests.Post(), TaskRequests.Next());
        await HttpLoad.RunAsync(api.Port, 1, count, async (connection, _) => (await connection.SendAsync(post)).Expect(HttpStatusCode.OK));
        await HttpLoad.RunAsync(api.Port, 1, count, async (connection, _) => await TaskRequests.CycleAsync(connection, next));

        return [before, await PositionAsync(database)];
    }

    private static Task<long> PositionAsync(BenchDatabase database) =>
        database.ScalarAsync<long>("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint");
}
