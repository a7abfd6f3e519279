using System.Text.Json;
using Npgsql;

namespace Eventix.Benchmarks.Drains;

/// <summary>
/// How a contestant of a drain talks with the benchmark, in C# here and in JavaScript in `Peers/drain.js`: it starts on a database that is
/// filled, says `ready`, begins when it is sent a line, and answers one line of JSON. The clock runs from the first call of a handler until the
/// database says that nothing is left, for which it is asked only after the last call.
/// </summary>
internal static class DrainProtocol
{
    public const string Ready = "ready";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <param name="start">Begins to work.</param>
    /// <param name="left">A statement whose first column says whether anything is left.</param>
    public static async Task RunAsync(string connectionString, Handled handled, Func<Task> start, string left)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var anythingLeft = new NpgsqlCommand(left, connection);

        Console.WriteLine(Ready);
        await Console.In.ReadLineAsync();

        await start();
        await handled.All;
        while ((bool)(await anythingLeft.ExecuteScalarAsync())!)
            await Task.Delay(1);

        Console.WriteLine(JsonSerializer.Serialize(new DrainResult(handled.Elapsed.TotalSeconds, handled.Timed, handled.Count), Json));
    }

    public static DrainResult Read(string line) => JsonSerializer.Deserialize<DrainResult>(line, Json)!;
}

/// <param name="Timed">Tasks that were handled in that time.</param>
/// <param name="Handled">All calls of handlers.</param>
internal sealed record DrainResult(double Seconds, long Timed, long Handled)
{
    public double PerSecond => Timed / Seconds;
}
