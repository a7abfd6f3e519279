using System.Text.RegularExpressions;
using Eventix.Benchmarks.Servers;
using Eventix.Infrastructure.Embedded;
using Eventix.Testing;

namespace Eventix.Benchmarks.Raw;

/// <summary>Runs pgbench with prepared statements.</summary>
internal static partial class Pgbench
{
    private const int Threads = 2;

    // Some distributions put it beside the server's programs, others on the PATH only.
    private static readonly Lazy<string> Program = new(() =>
        PostgresBinaries
            .All()
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            .Select(folder => Path.Combine(folder, "pgbench"))
            .FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"No pgbench on this machine. Install it, or set {PostgresBinaries.Variable}.")
    );

    /// <summary>Each client runs the script so often; answers scripts per second, without the time that connecting took.</summary>
    /// <exception cref="InvalidOperationException">pgbench failed, or did not run every transaction; the message has what it said.</exception>
    public static async Task<double> RunAsync(BenchDatabase database, string script, int clients, long each)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, script);
            await using var pgbench = HostProcess.StartProgram(
                Program.Value,
                [
                    "--no-vacuum",
                    "--protocol=prepared",
                    $"--client={clients}",
                    $"--jobs={Math.Min(Threads, clients)}",
                    $"--transactions={each}",
                    $"--define={PgbenchScripts.FirstBookmark}",
                    $"--file={file}",
                    $"--host={database.Host}",
                    "--port=5432",
                    "--username=postgres",
                    database.Name,
                ],
                []
            );
            var code = await pgbench.WaitForExitAsync(TimeSpan.FromMinutes(10));
            var wanted = clients * each;
            if (
                code != 0
                || Processed().Match(pgbench.Output) is not { Success: true } processed
                || processed.Groups["count"].Value != $"{wanted}"
            )
                throw new InvalidOperationException($"pgbench did not run {wanted} transactions: {pgbench.Output}\n{pgbench.Error}");

            return double.Parse(Rate().Match(pgbench.Output).Groups["rate"].Value);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [GeneratedRegex(@"number of transactions actually processed: (?<count>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Processed();

    [GeneratedRegex(@"tps = (?<rate>[0-9.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rate();
}
