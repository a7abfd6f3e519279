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
using Eventix.Testing;

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
        // At the size of a quick run a thousand namespaces hold ten tasks each.
        new("namespaces", NamespaceRuns.RunAsync, IsInQuickRuns: false),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. Parts.Select(part => part.Name)];

    // What is killed and without its server fails soon; what does not is left behind.
    private static readonly TimeSpan PatienceAfterInterruption = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Answers 0, or 1 when something that was to be measured is missing: a part or a contestant that failed, or Ctrl+C. What was measured is written
    /// all the same, to <paramref name="output"/> after each part.
    /// </summary>
    public static async Task<int> RunAsync(Scale scale, IReadOnlyCollection<string> only, FileInfo? output, IEnumerable<string> arguments)
    {
        var began = Stopwatch.GetTimestamp();
        var report = new Report();
        var took = new List<string>();

        await using var server = await BenchServer.StartAsync();
        var machine = await Machine.DescribeAsync(server, await PeerPrograms.NodeAsync());
        using var listening = Interruption.Listen();
        foreach (var part in Parts.Where(part => only.Count == 0 ? part.IsInQuickRuns || !scale.IsQuick : only.Contains(part.Name)))
        {
            await Console.Error.WriteLineAsync($"== {part.Name}");
            var partBegan = Stopwatch.GetTimestamp();
            await MeasureAsync(part, server, scale, report);
            took.Add($"{part.Name} {Stopwatch.GetElapsedTime(partBegan).TotalSeconds:0}");
            await Console.Error.WriteLineAsync($"{took[^1]} s");

            if (output is not null)
                await File.WriteAllTextAsync(output.FullName, ToMarkdown());
            if (Interruption.Token.IsCancellationRequested)
                break;
        }

        Console.WriteLine(ToMarkdown());

        return report.HasFailed ? 1 : 0;

        string ToMarkdown()
        {
            List<string> remarks =
            [
                $"{scale.Tasks:#,##0} tasks a run, {scale.Rounds} rounds, {Stopwatch.GetElapsedTime(began).TotalMinutes:0.0} minutes in all",
                $"seconds that the parts took: {string.Join(", ", took)}",
            ];
            if (scale.IsQuick)
                remarks.Add("a quick run: short, scaled down, and so noisier than a full one; flatness is a full run's");

            return report.ToMarkdown(machine, string.Join(' ', arguments.Prepend("./build/bench")), remarks);
        }
    }

    /// <summary>Measures a part; when it fails the report says so.</summary>
    private static async Task MeasureAsync(Part part, BenchServer server, Scale scale, Report report)
    {
        try
        {
            var measuring = part.RunAsync(server, scale, report);
            await Task.WhenAny(measuring, Task.Delay(Timeout.InfiniteTimeSpan, Interruption.Token));
            if (Interruption.Token.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("Broken off; what was measured so far follows.");
                HostProcess.KillAll();
                await server.DisposeAsync();
                await measuring.WaitAsync(PatienceAfterInterruption);
            }

            await measuring;
        }
        catch (Exception failure)
        {
            if (!Interruption.Token.IsCancellationRequested)
                report.Fail(part.Name, failure.Message);
            await Console.Error.WriteLineAsync($"{part.Name} failed: {failure}");
        }

        if (Interruption.Token.IsCancellationRequested)
            report.Fail(part.Name, "broken off by a signal, and all parts after it");
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
