using System.Diagnostics;
using Eventix.Benchmarks.Reports;

namespace Eventix.Benchmarks.Http;

/// <summary>Keeps a number of connections busy until so many pieces of work are done.</summary>
internal static class HttpLoad
{
    /// <param name="work">One piece of work on a connection: sends, checks the answers. It is told its number, from 0.</param>
    public static async Task<LoadResult> RunAsync(int port, int connections, int pieces, Func<HttpConnection, int, ValueTask> work)
    {
        var open = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => HttpConnection.OpenAsync(port)));
        try
        {
            var milliseconds = new double[pieces];
            var next = -1;
            var began = Stopwatch.GetTimestamp();

            await Task.WhenAll(open.Select(connection => Task.Run(() => WorkAsync(connection))));

            return new LoadResult(
                pieces / Stopwatch.GetElapsedTime(began).TotalSeconds,
                Series.Percentile(milliseconds, 0.5),
                Series.Percentile(milliseconds, 0.99)
            );

            async Task WorkAsync(HttpConnection connection)
            {
                while (Interlocked.Increment(ref next) is var piece && piece < pieces)
                {
                    var sent = Stopwatch.GetTimestamp();
                    await work(connection, piece);
                    milliseconds[piece] = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
                }
            }
        }
        finally
        {
            foreach (var connection in open)
                connection.Dispose();
        }
    }
}

/// <param name="PerSecond">Pieces of work.</param>
/// <param name="Median">Of a piece, in milliseconds.</param>
/// <param name="Tail">The 99th percentile, in milliseconds.</param>
internal sealed record LoadResult(double PerSecond, double Median, double Tail);
