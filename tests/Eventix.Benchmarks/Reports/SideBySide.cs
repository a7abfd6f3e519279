using System.Diagnostics;

namespace Eventix.Benchmarks.Reports;

/// <summary>One of several things that are measured in turn.</summary>
/// <param name="RunAsync">Prepares afresh, runs once, and answers the figure.</param>
internal sealed record Contestant(string Name, string Unit, Func<Task<double>> RunAsync, string Note = "");

/// <summary>Runs contestants in turn, A B C A B C: what the machine does beside them then touches all of them alike.</summary>
internal static class SideBySide
{
    public static async Task<IReadOnlyList<Series>> RunAsync(int rounds, IReadOnlyList<Contestant> contestants)
    {
        var values = contestants.Select(_ => new List<double>()).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < contestants.Count; i++)
            {
                var began = Stopwatch.GetTimestamp();
                values[i].Add(await contestants[i].RunAsync());
                await Console.Error.WriteLineAsync(
                    $"{contestants[i].Name}: {values[i][^1]:#,##0.###} {contestants[i].Unit} "
                        + $"(round {round + 1} of {rounds}, {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s in all)"
                );
            }
        }

        return [.. contestants.Select((one, i) => new Series(one.Name, one.Unit, values[i], one.Note))];
    }
}
