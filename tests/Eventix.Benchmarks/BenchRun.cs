using System.Diagnostics;
using Eventix.Benchmarks.Counts;
using Eventix.Benchmarks.Drains;
using Eventix.Benchmarks.Flatness;
using Eventix.Benchmarks.Http;
using Eventix.Benchmarks.Latency;
using Eventix.Benchmarks.Raw;
using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;

namespace Eventix.Benchmarks;

/// <summary>The parts of a run, and the run.</summary>
internal static class BenchRun
{
    private delegate Task Part(BenchServer server, Scale scale, Report report);

    private static readonly (string Name, Part RunAsync)[] Parts =
    [
        ("raw", RawAsync),
        ("drain", DrainRuns.RunAsync),
        ("post", HttpRuns.PostAsync),
        ("cycle", HttpRuns.CyclesAsync),
        ("batch", HttpRuns.BatchesAsync),
        ("claimers", HttpRuns.ClaimersAsync),
        ("latency", LatencyRuns.RunAsync),
        ("wal", WalRuns.RunAsync),
        ("host", HostRuns.RunAsync),
        ("growth", ClaimRuns.RunAsync),
        ("held", HeldSnapshotRuns.RunAsync),
        ("namespaces", NamespaceRuns.RunAsync),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. Parts.Select(part => part.Name)];

    public static async Task RunAsync(Scale scale, IReadOnlyCollection<string> only, FileInfo? output, IEnumerable<string> arguments)
    {
        var began = Stopwatch.GetTimestamp();
        var report = new Report();

        await using var server = await BenchServer.StartAsync();
        var machine = await Machine.DescribeAsync(server, await PeerPrograms.NodeAsync());
        foreach (var (name, part) in Parts.Where(part => only.Count == 0 || only.Contains(part.Name)))
        {
            await Console.Error.WriteLineAsync($"== {name}");
            await part(server, scale, report);
        }

        report.Remark(
            $"{scale.Tasks:#,##0} tasks a run, {scale.Rounds} rounds, {Stopwatch.GetElapsedTime(began).TotalMinutes:0.0} minutes in all"
        );
        if (scale.IsQuick)
            report.Remark("a quick run: short, scaled down, and so noisier than a full one; flatness is a full run's");

        var markdown = report.ToMarkdown(machine, string.Join(' ', arguments.Prepend("./build/bench")));
        Console.WriteLine(markdown);
        if (output is not null)
            await File.WriteAllTextAsync(output.FullName, markdown);
    }

    private static async Task RawAsync(BenchServer server, Scale scale, Report report)
    {
        var raw = new RawRuns(server, scale);
        foreach (
            var series in await SideBySide.RunAsync(
                scale.Rounds,
                [raw.Insert, raw.InsertMany, raw.Claim, raw.Cycle, raw.CycleByOwnStatement, raw.CycleMany]
            )
        )
            report.Add("Raw SQL", series);
    }
}
