using System.Text.Json;
using Eventix.Benchmarks.Drains;
using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;
using Npgsql;

namespace Eventix.Benchmarks.Flatness;

/// <summary>
/// A worker at full load for five minutes, while an idle transaction holds a snapshot, so that vacuum can remove nothing of what ended since, and
/// without.
/// </summary>
internal static class HeldSnapshotRuns
{
    private const string Section = "Drain under a held snapshot";

    public static async Task RunAsync(BenchServer server, Scale scale, Report report)
    {
        var (parts, seconds) = scale.Pick((5, 60), (2, 3));
        if (scale.IsQuick)
            report.Remark($"drain under a held snapshot: {parts} parts of {seconds} s instead of five minutes");

        var (without, with) = (new List<double[]>(), new List<double[]>());
        for (var round = 0; round < scale.Rounds; round++)
        {
            // Over so many minutes the machine drifts: every other round begins with the other one.
            bool[] order = round % 2 == 0 ? [false, true] : [true, false];
            foreach (var isHeld in order)
                (isHeld ? with : without).Add(await MeasureAsync(server, parts, seconds, isHeld));
        }

        for (var part = 0; part < parts; part++)
        {
            report.Add(Section, Of(part, "none held", without));
            report.Add(Section, Of(part, "snapshot held", with));
        }

        // The bar speaks of the fifth minute.
        var ratio = report.Compare(Of(parts - 1, "snapshot held", with), Of(parts - 1, "none held", without));
        if (!scale.IsQuick)
            report.Judge(Bar.HeldSnapshot, ratio);

        Series Of(int part, string how, List<double[]> runs) =>
            new($"until {(part + 1) * seconds} s, {how}", "tasks/s", [.. runs.Select(run => run[part])]);
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
        await DueTasks.CheckDoneAsync(database, answer.RootElement.GetProperty("handled").GetInt64());

        return [.. answer.RootElement.GetProperty("perPart").EnumerateArray().Select(item => item.GetDouble())];
    }
}
