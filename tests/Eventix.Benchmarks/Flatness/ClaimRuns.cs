using System.Diagnostics;
using System.Text;
using Eventix.Application.Tasks;
using Eventix.Benchmarks.Drains;
using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;
using Eventix.Domain.Tasks;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Eventix.Benchmarks.Flatness;

/// <summary>
/// What a claim of one task costs as the table grows: claims from a small table and from the large one in turn, by our own code. For each task that
/// is claimed another one is posted, so that there are always as many.
/// </summary>
internal static class ClaimRuns
{
    private const string Section = "Claims as the table grows";
    private const int SmallTable = 1000;

    public static async Task RunAsync(BenchServer server, Scale scale, Report report)
    {
        var (due, notDue, finished) = scale.Pick((1_000_000, 1_000_000, 5_000_000), (20_000, 20_000, 100_000));
        if (scale.IsQuick)
            report.Remark(
                $"claims as the table grows: {due:#,##0} due, {notDue:#,##0} not yet due, {finished:#,##0} finished, a fiftieth of a full run"
            );

        await using var small = await server.CreateDatabaseAsync();
        await using var large = await server.CreateDatabaseAsync();
        await DueTasks.FillAsync(small, SmallTable);
        await small.SettleAsync();

        await DueTasks.FillAsync(large, due);
        await CompareAsync($"(a) {due:#,##0} due", Bar.ClaimsAmongDue);
        await DueTasks.FillNotDueAsync(large, notDue, priority: -1);
        await CompareAsync($"(b) and {notDue:#,##0} not yet due at a better priority", Bar.ClaimsBehindNotDue);
        await DueTasks.FillFinishedAsync(large, finished);
        await CompareAsync($"(c) and {finished:#,##0} finished", Bar.ClaimsAmongFinished);

        async Task CompareAsync(string name, Bar bar)
        {
            await large.SettleAsync();

            var (smallTails, largeTails) = (new List<double>(), new List<double>());
            for (var round = 0; round < scale.Rounds; round++)
            {
                var (ofSmall, ofLarge) = await MeasureAsync(small, large, scale.Pick(2000, 200));
                smallTails.Add(Series.Percentile(ofSmall, 0.99));
                largeTails.Add(Series.Percentile(ofLarge, 0.99));
            }

            var tailOfLarge = new Series($"{name}: p99", "ms", largeTails);
            var tailOfSmall = new Series($"{SmallTable:#,##0} due, beside {name[..3]}: p99", "ms", smallTails);
            report.Add(Section, tailOfLarge);
            report.Add(Section, tailOfSmall);

            // A bar speaks of the sizes of a full run.
            var ratio = report.Compare(tailOfLarge, tailOfSmall);
            if (!scale.IsQuick)
                report.Judge(bar, ratio);
        }
    }

    private static async Task<(double[] Small, double[] Large)> MeasureAsync(BenchDatabase small, BenchDatabase large, int claims)
    {
        using var ofSmall = EventixHost.Build(small.ConnectionString);
        using var ofLarge = EventixHost.Build(large.ConnectionString);
        var (smallTimes, largeTimes) = (new double[claims], new double[claims]);

        for (var i = -claims / 10; i < claims; i++)
        {
            var (one, other) = (await ClaimAsync(ofSmall), await ClaimAsync(ofLarge));
            if (i >= 0)
                (smallTimes[i], largeTimes[i]) = (one, other);
        }

        return (smallTimes, largeTimes);
    }

    /// <summary>Answers the milliseconds of a claim. What follows it is not timed.</summary>
    private static async Task<double> ClaimAsync(IHost host)
    {
        var claims = host.Services.GetRequiredService<ITaskClaims>();

        var began = Stopwatch.GetTimestamp();
        var claimed = await claims.ClaimAsync(new TaskClaim("default", "bench", 1, TimeSpan.FromMinutes(5)));
        var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;

        var outcome = new TaskWriteBack(claimed.Single(), claimed[0].Succeed(Encoding.UTF8.GetBytes(DueTasks.Result)));
        await host.Services.GetRequiredService<ITaskWriteBacks>().WriteBackAsync([outcome], CancellationToken.None);

        await using var scope = host.Services.CreateAsyncScope();
        var next = new NewTask { Task = Touch.Name, Kwargs = Encoding.UTF8.GetBytes(DueTasks.Kwargs) };
        await scope.ServiceProvider.GetRequiredService<IMediator>().Send(new PostTask(next));

        return took;
    }
}
