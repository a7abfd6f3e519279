using Eventix.Benchmarks.Servers;
using Eventix.Testing;

namespace Eventix.Benchmarks.Drains;

/// <summary>A contestant as a process of its own.</summary>
internal static class ContestantProcess
{
    /// <summary>What a contestant may take to be ready, or to answer beyond the time that it has for its work.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Runs a drain from its start to its end.</summary>
    /// <param name="patience">What it has for its work. After that it stops, and the result says how far it came.</param>
    /// <param name="go">Awaited between `ready` and the start of the work.</param>
    public static async Task<DrainResult> DrainAsync(HostProcess process, TimeSpan patience, Func<Task>? go = null)
    {
        await process.WaitForLineAsync(DrainProtocol.Ready, Patience);
        if (go is not null)
            await go();

        await process.TellAsync(DrainProtocol.Begin(patience));
        var result = DrainProtocol.Read(await process.WaitForLineAsync("\"seconds\"", patience + Patience));
        await process.WaitForExitAsync(TimeSpan.FromMinutes(1));

        return result;
    }

    /// <summary>One that is written in C#, in this assembly.</summary>
    public static HostProcess Start(BenchDatabase database, string contestant, params (string Name, string Value)[] more) =>
        HostProcess.Start(
            "Eventix.Benchmarks",
            ["contestant", .. contestant.Split(' ')],
            [("DATABASE_URL", database.ConnectionString), .. more]
        );

    /// <summary>One that runs on node.</summary>
    public static HostProcess StartPeer(BenchDatabase database, string contestant) =>
        HostProcess.StartProgram(
            "node",
            [Path.Combine(PeerPrograms.Folder, contestant.Split(' ')[0]), .. contestant.Split(' ').Skip(1)],
            [
                ("PGHOST", database.Host),
                ("PGPORT", "5432"),
                ("PGUSER", "postgres"),
                ("PGDATABASE", database.Name),
                ("NODE_ENV", "production"),
            ]
        );
}
