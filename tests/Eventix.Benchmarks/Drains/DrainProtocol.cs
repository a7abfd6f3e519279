using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace Eventix.Benchmarks.Drains;

/// <summary>
/// How a contestant of a drain talks with the benchmark, in C# here and in JavaScript in `Peers/drain.js`: it starts on a database that is
/// filled, says `ready`, begins when it is sent a line with the seconds that it has, stops, and answers one line of JSON. The clock runs from the
/// call of a handler where <see cref="Handled"/> starts it until the database says that nothing is left, for which it is asked only after the last
/// call, or until the seconds are over.
/// </summary>
internal static class DrainProtocol
{
    public const string Ready = "ready";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <param name="start">Begins to work, and answers what ends it.</param>
    /// <param name="left">A statement whose first column says whether anything is left.</param>
    public static async Task RunAsync(string connectionString, Handled handled, Func<Task<Func<Task>>> start, string left)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var anythingLeft = new NpgsqlCommand(left, connection);

        Console.WriteLine(Ready);
        var seconds = int.Parse(await Console.In.ReadLineAsync() ?? "", CultureInfo.InvariantCulture);

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        var stop = await start();
        try
        {
            await handled.All.WaitAsync(patience.Token);
            while ((bool)(await anythingLeft.ExecuteScalarAsync(CancellationToken.None))!)
                await Task.Delay(1, patience.Token);
        }
        catch (OperationCanceledException)
        {
            // What was handled in that time is the answer, and says by itself that it is not all.
        }

        var (elapsed, timed) = (handled.Elapsed, handled.Timed);
        await stop();
        Console.WriteLine(JsonSerializer.Serialize(new DrainResult(elapsed.TotalSeconds, timed, handled.Count), Json));
    }

    public static string Begin(TimeSpan patience) => $"{patience.TotalSeconds:0}";

    public static DrainResult Read(string line) => JsonSerializer.Deserialize<DrainResult>(line, Json)!;
}

/// <param name="Seconds">On the clock.</param>
/// <param name="Timed">Tasks that were handled in that time.</param>
/// <param name="Handled">All calls of handlers.</param>
internal sealed record DrainResult(double Seconds, long Timed, long Handled)
{
    public double PerSecond => Timed / Seconds;
}
