using Eventix.Benchmarks.Drains;
using Eventix.Benchmarks.Http;
using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;

namespace Eventix.Benchmarks.Flatness;

/// <summary>The same number of tasks in one namespace and in a thousand.</summary>
internal static class NamespaceRuns
{
    private const string Section = "Namespaces";
    private const int Many = 1000;

    public static async Task RunAsync(BenchServer server, Scale scale, Report report)
    {
        // Of a queue that holds only a few tasks there is nothing to say.
        var tasks = Math.Max(scale.Tasks, 10 * Many);

        var series = await SideBySide.RunAsync(
            scale.Rounds,
            [
                new("worker, one namespace", "tasks/s", () => DrainRuns.DrainAsync(server, tasks, namespaces: 0)),
                new($"worker, {Many:#,##0} namespaces", "tasks/s", () => DrainRuns.DrainAsync(server, tasks, Many)),
                new("64 HTTP claimers, one namespace", "tasks/s", () => ClaimAsync(0)),
                new($"64 HTTP claimers, {Many:#,##0} namespaces", "tasks/s", () => ClaimAsync(Many)),
            ]
        );
        foreach (var one in series)
            report.Add(Section, one);
        report.Compare(series[1], series[0]);
        report.Compare(series[3], series[2]);

        async Task<double> ClaimAsync(int namespaces) => (await HttpRuns.CyclesAsync(server, tasks, connections: 64, namespaces)).PerSecond;
    }
}
