using System.Diagnostics;
using Eventix.Benchmarks.Http;
using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;

namespace Eventix.Benchmarks.Counts;

/// <summary>How soon the API answers after its start, and what it takes of the memory.</summary>
internal static class HostRuns
{
    private const string Section = "API host";

    public static async Task RunAsync(BenchServer server, Scale scale, Report report)
    {
        var (start, idle, loaded) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < scale.Rounds; round++)
        {
            await using var database = await server.CreateDatabaseAsync();

            var began = Stopwatch.GetTimestamp();
            await using var api = await ApiProcess.StartOnAsync(database);
            start.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);

            await Task.Delay(scale.Pick(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(2)));
            idle.Add(api.ResidentMegabytes());
            loaded.Add(await LoadAsync(api, scale.Tasks));
            await HttpRuns.ExpectAsync(database, "status = 'scheduled'", scale.Tasks);
        }

        Series[] series =
        [
            new("start to first answer (`GET /healthz`), schema up to date", "s", start),
            new("resident memory, idle", "MB", idle),
            new("resident memory, most while 64 connections post", "MB", loaded),
        ];
        foreach (var one in series)
            report.Add(Section, one);

        report.Judge(Bar.Start, series[0].Median);
        report.Judge(Bar.IdleMemory, series[1].Median);
        report.Judge(Bar.LoadedMemory, series[2].Median);
    }

    private static async Task<double> LoadAsync(ApiProcess api, int tasks)
    {
        var most = 0.0;
        var load = HttpRuns.PostAsync(api, tasks, "default");
        while (await Task.WhenAny(load, Task.Delay(50)) != load)
            most = Math.Max(most, api.ResidentMegabytes());
        await load;

        return Math.Max(most, api.ResidentMegabytes());
    }
}
