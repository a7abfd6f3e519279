using System.Text.Json;
using Eventix.Benchmarks.Drains;
using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;
using Npgsql;

namespace Eventix.Benchmarks.Flatness;

/// <summary>
/// A worker at full load for five minutes, once while an idle transaction holds a snapshot, so that vacuum can remove nothing of what ended since,
/// and once without.
/// </summary>
internal static class HeldSnapshotRuns
{
    private const string Section = "Drain under a held snapshot";

    public static async Task RunAsync(BenchServer server, Scale scale, Report report)
    {
        var (parts, seconds) = scale.Pick((5, 60), (2, 3));
        if (scale.IsQuick)
            report.Remark($"drain under a held snapshot: {parts} parts of {seconds} s instead of five minutes");

        var without = await MeasureAsync(server, parts, seconds, isHeld: false);
        var with = await MeasureAsync(server, parts, seconds, isHeld: true);
        for (var part = 0; part < parts; part++)
        {
            var name = $"{(part + 1) * seconds} s";
            report.Add(Section, new Series($"until {name}, none held", "tasks/s", [without[part]]));
            report.Add(Section, new Series($"until {name}, snapshot held", "tasks/s", [with[part]]));
        }

        // The bar speaks of the fifth minute.
        var ratio = report.Compare(new Series("last part, snapshot held", "", [with[^1]]), new Series("none held", "", [without[^1]]));
        if (!scale.IsQuick)
            report.Judge(Bar.HeldSnapshot, ratio);
    }

    private static async Task<double[]> MeasureAsync(BenchServer server, int parts, int seconds, bool isHeld)
    {
        await using var database = await server.CreateDatabaseAsync();
        await database.SettleAsync();

        await using var holder = await database.OpenAsync();
        if (isHeld)
        {
            await using var hold = new NpgsqlCommand("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM eventix_task", holder);
            await hold.ExecuteNonQueryAsync();
        }

        await using var worker = ContestantProcess.Start(
            database,
            $"steady --parts {parts} --seconds {seconds}",
            ("EVENTIX_WORKER_CONCURRENCY", DrainRuns.Concurrency)
        );
        var patience = TimeSpan.FromSeconds(parts * seconds) + ContestantProcess.Patience;
        using var answer = JsonDocument.Parse(await worker.WaitForLineAsync("\"perPart\"", patience));

        return [.. answer.RootElement.GetProperty("perPart").EnumerateArray().Select(item => item.GetDouble())];
    }
}
