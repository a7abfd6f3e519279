using System.Net;
using System.Text.Json;
using Eventix.Benchmarks.Drains;
using Eventix.Benchmarks.Http;
using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;
using Eventix.Testing;
using Npgsql;

namespace Eventix.Benchmarks.Latency;

/// <summary>From the moment before a task is posted to the start of its handler in another process, on a system that does nothing else.</summary>
internal static class LatencyRuns
{
    private const string Section = "Post to handler start, idle system";

    // Between two tasks: long enough for everybody to be asleep again, and never in step with a poll.
    private static TimeSpan Pause => TimeSpan.FromMilliseconds(Random.Shared.Next(20, 60));

    public static async Task RunAsync(BenchServer server, Scale scale, Report report)
    {
        var tasks = Math.Min(scale.Tasks, scale.Pick(500, 100));
        var (ours, graphile) = (new List<double[]>(), new List<double[]>());
        var contestants = new List<Contestant>
        {
            Of("Eventix", "posted over HTTP to an API process, run by a worker process", ours, () => OursAsync(server, tasks)),
        };
        if (PeerPrograms.AreInstalled)
            contestants.Add(
                Of(
                    "graphile-worker",
                    "posted by SQL (add_job), run by a worker process, defaults",
                    graphile,
                    () => GraphileAsync(server, tasks)
                )
            );

        var p50 = await SideBySide.RunAsync(scale.Rounds, contestants);
        var p99 = p50.Zip([ours, graphile], Tail).ToList();
        foreach (var one in p50.Concat(p99))
            report.Add(Section, one);

        report.Judge(Bar.LatencyMedian, p50[0].Median);
        report.Judge(Bar.LatencyTail, p99[0].Median);
        if (contestants.Count == 1)
            return;

        report.Judge(Bar.LatencyAgainstGraphile, report.Compare(p50[0], p50[1]));
        report.Judge(Bar.LatencyTailAgainstGraphile, report.Compare(p99[0], p99[1]));
    }

    private static Contestant Of(string name, string note, List<double[]> kept, Func<Task<double[]>> measure) =>
        new(
            $"{name}, p50",
            "ms",
            async () =>
            {
                // A run that fails keeps its place, so that p99 has the same neighbours as p50.
                kept.Add([double.NaN]);
                kept[^1] = await measure();
                return Series.Percentile(kept[^1], 0.5);
            },
            note
        );

    private static Series Tail(Series median, List<double[]> runs) =>
        new(median.Name.Replace("p50", "p99", StringComparison.Ordinal), "ms", [.. runs.Select(run => Series.Percentile(run, 0.99))]);

    private static async Task<double[]> OursAsync(BenchServer server, int tasks)
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var api = await ApiProcess.StartAsync(database);
        await using var worker = ContestantProcess.Start(database, "latency");
        using var connection = await HttpConnection.OpenAsync(api.Port);

        return await MeasureAsync(
            worker,
            tasks,
            async () => (await connection.SendAsync(TaskRequests.PostStamp())).Expect(HttpStatusCode.OK)
        );
    }

    private static async Task<double[]> GraphileAsync(BenchServer server, int tasks)
    {
        await using var database = await server.CreateDatabaseAsync(isEmpty: true);
        await using var worker = ContestantProcess.StartPeer(database, "graphile-latency.js");
        await worker.WaitForLineAsync(DrainProtocol.Ready, ContestantProcess.Patience);

        await using var connection = await database.OpenAsync();
        await using var add = new NpgsqlCommand(
            "SELECT graphile_worker.add_job('stamp', json_build_object('sent_at', $1::text))",
            connection
        );
        var sentAt = new NpgsqlParameter<string>();
        add.Parameters.Add(sentAt);
        sentAt.TypedValue = "0";
        await add.PrepareAsync();

        return await MeasureAsync(
            worker,
            tasks,
            async () =>
            {
                sentAt.TypedValue = $"{Stamp.Now}";
                await add.ExecuteNonQueryAsync();
            }
        );
    }

    /// <summary>Posts one task after the other; answers what the worker saw of all but the first ones.</summary>
    private static async Task<double[]> MeasureAsync(HostProcess worker, int tasks, Func<Task> post)
    {
        // Some seconds, as over HTTP: what is hot is compiled while it is used, and a task in such a moment waits for it.
        const int WarmUp = 500;

        await worker.WaitForLineAsync(DrainProtocol.Ready, ContestantProcess.Patience);
        for (var i = 0; i < WarmUp + tasks; i++)
        {
            await post();
            await Task.Delay(i < WarmUp ? TimeSpan.FromMilliseconds(10) : Pause);
        }

        // The last one may still be on its way.
        await Task.Delay(TimeSpan.FromSeconds(1));
        await worker.TellAsync("end");
        using var answer = JsonDocument.Parse(await worker.WaitForLineAsync("\"milliseconds\"", ContestantProcess.Patience));
        var seen = answer.RootElement.GetProperty("milliseconds").EnumerateArray().Select(item => item.GetDouble()).ToArray();
        if (seen.Length != WarmUp + tasks)
            throw new InvalidOperationException($"{seen.Length} of {WarmUp + tasks} tasks have started: {worker.Error}");

        return [.. seen.Skip(WarmUp)];
    }
}
