using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Eventix.Benchmarks.Servers;

namespace Eventix.Benchmarks.Reports;

/// <summary>Where the figures come from.</summary>
internal sealed partial record Machine(DateTimeOffset Time, IReadOnlyList<string> Facts)
{
    public static async Task<Machine> DescribeAsync(BenchServer server, string? node)
    {
        var version = await server.ScalarAsync<string>("SHOW server_version");

        return new Machine(
            DateTimeOffset.UtcNow,
            [
                $"machine: {Line("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString()}, "
                    + $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, {RuntimeInformation.OSDescription}",
                $"load of the machine when it began (1, 5, 15 minutes): {Load()}",
                $"PostgreSQL {version}, .NET {Environment.Version}, {(node is null ? "no node" : $"node {node}")}",
                $"peers: {string.Join(", ", Peers())}",
                $"server: fsync=on, synchronous_commit=on, full_page_writes=on, {string.Join(", ", BenchServer.Settings)}",
            ]
        );
    }

    private static IEnumerable<string> Peers() =>
        PeerPrograms
            .Versions()
            .Append($"Hangfire.PostgreSql {typeof(Hangfire.PostgreSql.PostgreSqlStorage).Assembly.GetName().Version?.ToString(3)}")
            .Append($"Hangfire.Core {typeof(Hangfire.BackgroundJobServer).Assembly.GetName().Version?.ToString(3)}");

    private static string Load() =>
        File.Exists("/proc/loadavg") ? string.Join(", ", File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown";

    private static string? Line(string file, string name) =>
        File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
                ? Colon().Split(line, 2)[1]
                : null
            : null;

    [GeneratedRegex(@"\s*:\s*", RegexOptions.None, 1000)]
    private static partial Regex Colon();
}
