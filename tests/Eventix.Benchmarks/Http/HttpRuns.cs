using System.Net;
using Eventix.Benchmarks.Raw;
using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;

namespace Eventix.Benchmarks.Http;

/// <summary>The API under load, beside pgbench with the same statements.</summary>
internal static class HttpRuns
{
    private const int Connections = 64;
    private const int BatchConnections = 4;
    private const int BatchSize = 500;

    // A host runs for weeks and compiles once: after some seconds of load it has compiled what is hot.
    private const int WarmUp = 60_000;
    private const int WarmUpBatches = WarmUp / BatchSize;

    public static async Task PostAsync(BenchServer server, Scale scale, Report report)
    {
        var latencies = new List<LoadResult>();
        var series = await SideBySide.RunAsync(
            scale.Rounds,
            [
                new RawRuns(server, scale).Insert,
                new(
                    "HTTP `POST /task`",
                    "tasks/s",
                    async () =>
                    {
                        latencies.Add(await PostAsync(server, scale));
                        return latencies[^1].PerSecond;
                    },
                    $"{Connections} connections"
                ),
            ]
        );

        Add(report, "HTTP post", series, latencies);
        report.Judge(Bar.PostAgainstRaw, report.Compare(series[1], series[0]));
    }

    public static async Task CyclesAsync(BenchServer server, Scale scale, Report report)
    {
        var latencies = new List<LoadResult>();
        var series = await SideBySide.RunAsync(
            scale.Rounds,
            [
                new RawRuns(server, scale).Cycle,
                new(
                    "HTTP claim + write-back, legacy routes",
                    "tasks/s",
                    async () =>
                    {
                        latencies.Add(await CyclesAsync(server, scale.Tasks, Connections));
                        return latencies[^1].PerSecond;
                    },
                    $"{Connections} connections: `GET /tasks/next_scheduled`, `PUT /task/{{uid}}`"
                ),
                new(
                    "HTTP claim + write-back, legacy routes, random uids",
                    "tasks/s",
                    async () => (await CyclesAsync(server, scale.Tasks, Connections, isRandom: true)).PerSecond,
                    "as clients make them"
                ),
            ]
        );

        Add(report, "HTTP claim + write-back", [series[0], series[1]], latencies);
        report.Add("HTTP claim + write-back", series[2]);
        report.Judge(Bar.CyclesAgainstRaw, report.Compare(series[1], series[0]));
        report.Compare(series[2], series[1]);
    }

    public static async Task BatchesAsync(BenchServer server, Scale scale, Report report)
    {
        var raw = new RawRuns(server, scale);
        var series = await SideBySide.RunAsync(
            scale.Rounds,
            [
                raw.InsertMany,
                new(
                    "HTTP `POST /tasks/batch`",
                    "tasks/s",
                    () => PostBatchesAsync(server, scale),
                    $"{BatchConnections} connections, {BatchSize} each"
                ),
                raw.CycleMany,
                new(
                    "HTTP `POST /tasks/claim` + `PUT /tasks/batch`",
                    "tasks/s",
                    () => CycleBatchesAsync(server, scale),
                    $"{BatchConnections} connections, {BatchSize} each"
                ),
            ]
        );

        foreach (var one in series)
            report.Add("HTTP batch routes", one);
        report.Compare(series[1], series[0]);
        report.Compare(series[3], series[2]);
    }

    public static async Task ClaimersAsync(BenchServer server, Scale scale, Report report)
    {
        var claimers = scale.Pick<int[]>([1, 4, 16, 64, 256], [16, 256]);
        var series = await SideBySide.RunAsync(
            scale.Rounds,
            [
                .. claimers.Select(count => new Contestant(
                    $"{count} HTTP claimers",
                    "tasks/s",
                    async () => (await CyclesAsync(server, Math.Min(scale.Tasks, scale.Tasks * count / 16), count)).PerSecond,
                    "claim + write-back, legacy routes"
                )),
            ]
        );

        foreach (var one in series)
            report.Add("Claimers", one);
        report.Judge(Bar.ManyClaimers, report.Compare(series[^1], series.MaxBy(one => one.Median)!));
    }

    /// <param name="namespaces">The tasks are in `ns1` …, and the claims go round them; with 0 in `default`.</param>
    /// <param name="isRandom">Tasks have uids as clients make them.</param>
    public static async Task<LoadResult> CyclesAsync(
        BenchServer server,
        int tasks,
        int connections,
        int namespaces = 0,
        bool isRandom = false
    )
    {
        await using var database = await server.CreateDatabaseAsync();
        var warmUp = Math.Min(WarmUp, tasks);
        await DueTasks.FillAsync(database, tasks, namespaces: namespaces, isRandom: isRandom);
        await DueTasks.FillAsync(database, warmUp, @namespace: "warm");
        await database.SettleAsync();

        await using var api = await ApiProcess.StartAsync(database);
        var warm = TaskRequests.Next("warm");
        await HttpLoad.RunAsync(api.Port, connections, warmUp, async (connection, _) => await TaskRequests.CycleAsync(connection, warm));

        byte[][] next =
            namespaces == 0 ? [TaskRequests.Next()] : [.. Enumerable.Range(1, namespaces).Select(n => TaskRequests.Next($"ns{n}"))];
        var result = await HttpLoad.RunAsync(
            api.Port,
            connections,
            tasks,
            async (connection, piece) => await TaskRequests.CycleAsync(connection, next[(piece + 1) % next.Length])
        );
        await DueTasks.CheckDoneAsync(database, tasks + warmUp);

        return result;
    }

    private static async Task<LoadResult> PostAsync(BenchServer server, Scale scale)
    {
        await using var database = await server.CreateDatabaseAsync();
        await database.SettleAsync();

        await using var api = await ApiProcess.StartAsync(database);
        await PostAsync(api, Math.Min(WarmUp, scale.Tasks), "warm");
        var result = await PostAsync(api, scale.Tasks, "default");
        await ExpectAsync(database, "namespace = 'default' AND status = 'scheduled'", scale.Tasks);

        return result;
    }

    public static Task<LoadResult> PostAsync(ApiProcess api, int tasks, string @namespace, int connections = Connections)
    {
        var post = TaskRequests.Post(@namespace);

        return HttpLoad.RunAsync(
            api.Port,
            connections,
            tasks,
            async (connection, _) => (await connection.SendAsync(post)).Expect(HttpStatusCode.OK)
        );
    }

    private static async Task<double> PostBatchesAsync(BenchServer server, Scale scale)
    {
        await using var database = await server.CreateDatabaseAsync();
        await database.SettleAsync();

        await using var api = await ApiProcess.StartAsync(database);
        var post = TaskRequests.PostMany(BatchSize);
        async ValueTask Post(HttpConnection connection, int piece)
        {
            if (TaskRequests.CountStored(await connection.SendAsync(post)) != BatchSize)
                throw new InvalidDataException("A batch was not answered whole.");
        }

        await HttpLoad.RunAsync(api.Port, BatchConnections, WarmUpBatches, Post);
        var batches = Math.Max(1, scale.Tasks / BatchSize);
        var result = await HttpLoad.RunAsync(api.Port, BatchConnections, batches, Post);
        await ExpectAsync(database, "status = 'scheduled'", (WarmUpBatches + batches) * BatchSize);

        return BatchSize * result.PerSecond;
    }

    private static async Task<double> CycleBatchesAsync(BenchServer server, Scale scale)
    {
        var batches = Math.Max(1, scale.Tasks / BatchSize);

        await using var database = await server.CreateDatabaseAsync();
        await DueTasks.FillAsync(database, (WarmUpBatches + batches) * BatchSize);
        await database.SettleAsync();

        await using var api = await ApiProcess.StartAsync(database);
        var claim = TaskRequests.ClaimMany(BatchSize);
        async ValueTask Cycle(HttpConnection connection, int piece)
        {
            // Beside another claim a few may be left out; they are claimed by a later one.
            for (var left = BatchSize; left > 0; )
                left -= await TaskRequests.CycleManyAsync(connection, left == BatchSize ? claim : TaskRequests.ClaimMany(left));
        }

        await HttpLoad.RunAsync(api.Port, BatchConnections, WarmUpBatches, Cycle);
        var result = await HttpLoad.RunAsync(api.Port, BatchConnections, batches, Cycle);
        await DueTasks.CheckDoneAsync(database, (WarmUpBatches + batches) * BatchSize);

        return BatchSize * result.PerSecond;
    }

    private static void Add(Report report, string section, IReadOnlyList<Series> series, IReadOnlyList<LoadResult> latencies)
    {
        foreach (var one in series)
            report.Add(section, one);
        report.Add(section, new Series($"{series[^1].Name}, p50", "ms", [.. latencies.Select(one => one.Median)]));
        report.Add(section, new Series($"{series[^1].Name}, p99", "ms", [.. latencies.Select(one => one.Tail)]));
    }

    /// <exception cref="InvalidOperationException">Another number of tasks is stored.</exception>
    public static async Task ExpectAsync(BenchDatabase database, string which, long expected)
    {
        var found = await database.ScalarAsync<long>($"SELECT count(*) FROM eventix_task WHERE {which}");
        if (found != expected)
            throw new InvalidOperationException($"{found} tasks are stored, and not {expected}.");
    }
}
