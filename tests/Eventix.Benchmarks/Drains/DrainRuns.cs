using Eventix.Benchmarks.Raw;
using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;

namespace Eventix.Benchmarks.Drains;

/// <summary>How fast a worker empties a queue of tasks that do nothing: ours, the peers, and raw SQL.</summary>
internal static class DrainRuns
{
    private const string Section = "Drain";

    /// <summary>Tasks of ours that run at the same time. They do nothing: what counts is how many are on their way.</summary>
    public const string Concurrency = "24";

    public static async Task RunAsync(BenchServer server, Scale scale, Report report)
    {
        var commits = new List<double>();
        List<Contestant> contestants =
        [
            new RawRuns(server, scale).CycleMany,
            new(
                "Eventix worker",
                "tasks/s",
                () => DrainAsync(server, scale.Tasks, namespaces: 0, commits),
                $"EVENTIX_WORKER_CONCURRENCY={Concurrency}; keeps every result, fences every write"
            ),
            new(
                "Eventix worker, random uids",
                "tasks/s",
                () => DrainAsync(server, scale.Tasks, namespaces: 0, isRandom: true),
                "as clients make them"
            ),
        ];
        contestants.AddRange(PeerDrains.All(server, scale));

        var series = await SideBySide.RunAsync(scale.Rounds, contestants);
        foreach (var one in series)
            report.Add(Section, one);
        report.Add(
            Section,
            new Series("commits per task, Eventix worker", "", commits, "pg_stat_database.xact_commit, autovacuum's included")
        );

        var (raw, ours, random) = (series[0], series[1], series[2]);
        report.Judge(Bar.DrainAgainstRaw, report.Compare(ours, raw));
        report.Compare(random, ours);
        report.Judge(Bar.Commits, Series.MedianOf(commits));
        foreach (var peer in series.Skip(3))
        {
            var ratio = report.Compare(ours, peer);
            if (peer.Name == PeerDrains.FastestGraphile)
                report.Judge(Bar.DrainAgainstGraphile, ratio);
        }
    }

    /// <summary>Our worker, once; answers tasks per second.</summary>
    /// <param name="namespaces">0 for `default`.</param>
    /// <param name="commits">Takes the commits for each task.</param>
    /// <param name="isRandom">Tasks have uids as clients make them.</param>
    public static async Task<double> DrainAsync(
        BenchServer server,
        int tasks,
        int namespaces,
        List<double>? commits = null,
        bool isRandom = false
    )
    {
        await using var database = await server.CreateDatabaseAsync();
        await DueTasks.FillAsync(database, tasks, namespaces: namespaces, isRandom: isRandom);
        await database.SettleAsync();

        var names = namespaces == 0 ? "default" : string.Join(',', Enumerable.Range(1, namespaces).Select(n => $"ns{n}"));
        await using var process = ContestantProcess.Start(
            database,
            $"ours --tasks {tasks}",
            ("EVENTIX_WORKER_CONCURRENCY", Concurrency),
            ("EVENTIX_NAMESPACE", names)
        );
        var before = 0L;
        var result = await ContestantProcess.DrainAsync(
            process,
            ContestantProcess.Patience,
            async () => before = await CommitsAsync(database)
        );
        if (result.Handled != tasks)
            throw new InvalidOperationException($"{result.Handled} calls of handlers for {tasks} tasks: {process.Error}");

        // The connections of the contestant have ended, and with that told what they did.
        commits?.Add((await CommitsAsync(database) - before) / (double)tasks);
        await DueTasks.CheckDoneAsync(database, tasks);

        return result.PerSecond;
    }

    private static Task<long> CommitsAsync(BenchDatabase database) =>
        database.Server.ScalarAsync<long>($"SELECT xact_commit FROM pg_stat_database WHERE datname = '{database.Name}'");
}
