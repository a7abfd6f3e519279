using System.Diagnostics;

namespace Eventix.Benchmarks.Reports;

/// <summary>One of several things that are measured in turn.</summary>
/// <param name="RunAsync">Prepares afresh, runs once, and answers the figure.</param>
/// <param name="Aside">What its runs had to say beside their figures, for the end of the note.</param>
internal sealed record Contestant(string Name, string Unit, Func<Task<double>> RunAsync, string Note = "", Func<string>? Aside = null);

/// <summary>Runs contestants in turn, A B C A B C: what the machine does beside them then touches all of them alike.</summary>
internal static class SideBySide
{
    /// <summary>
    /// A contestant that fails is named with its series, and is not run again; the others go on. After Ctrl+C nothing more is run. A run that is
    /// missing has <see cref="double.NaN"/> in its place, so that the others keep their neighbours.
    /// </summary>
    public static async Task<IReadOnlyList<Series>> RunAsync(int rounds, IReadOnlyList<Contestant> contestants)
    {
        var values = contestants.Select(_ => new List<double>()).ToArray();
        var failures = new string?[contestants.Count];
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < contestants.Count; i++)
            {
                values[i].Add(double.NaN);
                if (Interruption.Token.IsCancellationRequested || failures[i] is not null)
                    continue;

                var began = Stopwatch.GetTimestamp();
                try
                {
                    values[i][^1] = await contestants[i].RunAsync();
                }
                catch (Exception failure)
                {
                    failures[i] = Interruption.Token.IsCancellationRequested ? "broken off" : failure.Message;
                }

                await Console.Error.WriteLineAsync(
                    $"{contestants[i].Name}: {failures[i] ?? $"{values[i][^1]:#,##0.###} {contestants[i].Unit}"} "
                        + $"(round {round + 1} of {rounds}, {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s in all)"
                );
            }
        }

        return
        [
            .. contestants.Select(
                (one, i) => new Series(one.Name, one.Unit, values[i], one.Note + one.Aside?.Invoke()) { Failure = failures[i] }
            ),
        ];
    }
}
