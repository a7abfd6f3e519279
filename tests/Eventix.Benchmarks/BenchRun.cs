using System.Diagnostics;
using Eventix.Benchmarks.Counts;
using Eventix.Benchmarks.Drains;
using Eventix.Benchmarks.Flatness;
using Eventix.Benchmarks.Http;
using Eventix.Benchmarks.Latency;
using Eventix.Benchmarks.Migration;
using Eventix.Benchmarks.Raw;
using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;

namespace Eventix.Benchmarks;

/// <summary>The parts of a run, and the run.</summary>
internal static class BenchRun
{
    private delegate Task Measure(BenchServer server, Scale scale, Report report);

    private static readonly Part[] Parts =
    [
        // What is of interest in it stands beside what it is compared with in other parts.
        new("raw", RawAsync, IsInQuickRuns: false),
        new("drain", DrainRuns.RunAsync),
        new("post", HttpRuns.PostAsync),
        new("cycle", HttpRuns.CyclesAsync),
        new("batch", HttpRuns.BatchesAsync),
        new("claimers", HttpRuns.ClaimersAsync),
        new("import", ImportRuns.RunAsync),
        new("latency", LatencyRuns.RunAsync),
        new("wal", WalRuns.RunAsync),
        new("host", HostRuns.RunAsync),
        new("growth", ClaimRuns.RunAsync),
        new("held", HeldSnapshotRuns.RunAsync),
        new("namespaces", NamespaceRuns.RunAsync),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. Parts.Select(part => part.Name)];

    public static async Task RunAsync(Scale scale, IReadOnlyCollection<string> only, FileInfo? output, IEnumerable<string> arguments)
    {
        var began = Stopwatch.GetTimestamp();
        var report = new Report();

        await using var server = await BenchServer.StartAsync();
        var machine = await Machine.DescribeAsync(server, await PeerPrograms.NodeAsync());
        foreach (var part in Parts.Where(part => only.Count == 0 ? part.IsInQuickRuns || !scale.IsQuick : only.Contains(part.Name)))
        {
            await Console.Error.WriteLineAsync($"== {part.Name}");
            var partBegan = Stopwatch.GetTimestamp();
            await part.RunAsync(server, scale, report);
            await Console.Error.WriteLineAsync($"{part.Name}: {Stopwatch.GetElapsedTime(partBegan).TotalSeconds:0} s");
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

    private sealed record Part(string Name, Measure RunAsync, bool IsInQuickRuns = true);
}
