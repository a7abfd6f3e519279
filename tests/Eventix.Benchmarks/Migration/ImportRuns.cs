using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;
using Eventix.Testing;

namespace Eventix.Benchmarks.Migration;

/// <summary>The import of a dump of the old server, as operators run it: from the start of the process to its end.</summary>
internal static class ImportRuns
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    public static async Task RunAsync(BenchServer server, Scale scale, Report report)
    {
        var documents = scale.Pick(5 * scale.Tasks, scale.Tasks);
        var folder = Directory.CreateTempSubdirectory("evx");
        try
        {
            var dump = Path.Combine(folder.FullName, "task.bson");
            await GenerateAsync(documents, dump);

            foreach (
                var series in await SideBySide.RunAsync(
                    scale.Rounds,
                    [
                        new(
                            "import",
                            "documents/s",
                            () => ImportAsync(server, dump, documents),
                            $"{documents:#,##0} documents, a process and its start"
                        ),
                    ]
                )
            )
                report.Add("Import", series);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task GenerateAsync(int documents, string dump)
    {
        var generator = typeof(ImportRuns)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(item => item.Key == "LegacyDocuments");
        await using var process = HostProcess.StartProgram("dotnet", ["run", generator.Value!, "--", $"{documents}", dump], []);

        if (await process.WaitForExitAsync(Patience) != 0)
            throw new InvalidOperationException($"No documents could be made: {process.Output}\n{process.Error}");
    }

    private static async Task<double> ImportAsync(BenchServer server, string dump, int documents)
    {
        await using var database = await server.CreateDatabaseAsync();
        await database.SettleAsync();

        var began = Stopwatch.GetTimestamp();
        await using var import = HostProcess.Start(
            "Eventix.Worker",
            ["import", "--from", dump],
            [("DATABASE_URL", database.ConnectionString)]
        );
        var code = await import.WaitForExitAsync(Patience);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (code != 0)
            throw new InvalidOperationException($"The import failed: {import.Error}");

        // What it says of itself is compared with what is there.
        using var sums = JsonDocument.Parse(import.Output.TrimEnd().Split('\n')[^1]);
        var (imported, merged) = (sums.RootElement.GetProperty("imported").GetInt64(), sums.RootElement.GetProperty("merged").GetInt64());
        var stored = await database.ScalarAsync<long>("SELECT count(*) FROM eventix_task");
        if (imported + merged != documents || stored != imported)
            throw new InvalidOperationException($"{documents} documents became {stored} tasks, and the import says: {import.Output}");

        return documents / seconds;
    }
}
