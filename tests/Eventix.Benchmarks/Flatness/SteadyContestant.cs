using System.Diagnostics;
using System.Text.Json;
using Eventix.Benchmarks.Drains;
using Eventix.Benchmarks.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Eventix.Benchmarks.Flatness;

/// <summary>
/// A worker host under full load for a while, and in the same process what keeps it supplied. Answers how many tasks it ran in a second of each part,
/// and in all.
/// </summary>
internal static class SteadyContestant
{
    private const int Chunk = 10_000;

    public static async Task RunAsync(int parts, int seconds)
    {
        using var host = EventixHost.Build();
        var handled = host.Services.GetRequiredService<Handled>();
        using var over = new CancellationTokenSource();

        var feeding = FeedAsync(handled, over.Token);
        await host.StartAsync();

        var perPart = new List<double>();
        for (var part = 0; part < parts; part++)
        {
            var (before, began) = (handled.Count, Stopwatch.GetTimestamp());
            await Task.WhenAny(feeding, Task.Delay(TimeSpan.FromSeconds(seconds), over.Token));
            if (feeding.IsCompleted)
                await feeding;

            perPart.Add((handled.Count - before) / Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        await over.CancelAsync();
        await feeding;
        await host.StopAsync();
        Console.WriteLine(JsonSerializer.Serialize(new { perPart, handled = handled.Count }));
    }

    /// <summary>Adds a chunk whenever less than one is left.</summary>
    private static async Task FeedAsync(Handled handled, CancellationToken over)
    {
        await using var connection = new NpgsqlConnection(Environment.GetEnvironmentVariable("DATABASE_URL"));
        await connection.OpenAsync(CancellationToken.None);
        await using var add = new NpgsqlCommand(DueTasks.Chunk(Chunk), connection);
        await add.PrepareAsync(CancellationToken.None);

        for (var posted = 0L; !over.IsCancellationRequested; )
        {
            if (posted - handled.Count < Chunk)
                posted += await add.ExecuteNonQueryAsync(CancellationToken.None);
            else
                await Task.Delay(2, CancellationToken.None);
        }
    }
}
