using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;
using Eventix.Testing;

namespace Eventix.Benchmarks.Drains;

/// <summary>The other queues on PostgreSQL, each in its fastest documented setting.</summary>
internal static class PeerDrains
{
    public const string FastestGraphile = "graphile-worker, local queue and batched completion";

    public static IEnumerable<Contestant> All(BenchServer server, Scale scale)
    {
        // What is not there any more has been completed.
        const string GraphileDone = "SELECT {0} - count(*) FROM graphile_worker._private_jobs";
        const string PgBossDone = "SELECT count(*) FROM pgboss.job WHERE name = 'touch' AND state = 'completed'";
        const string HangfireDone = "SELECT count(*) FROM hangfire.job WHERE statename = 'Succeeded'";

        Contestant Of(string name, string note, string done, Func<BenchDatabase, HostProcess> start)
        {
            var partly = new List<string>();

            return new(
                name,
                "tasks/s",
                () => RunAsync(server, scale, string.Format(done, scale.Tasks), start, partly),
                note,
                () => partly.Count == 0 ? "" : $"; **not finished**: {string.Join(", ", partly)}"
            );
        }

        if (PeerPrograms.AreInstalled)
        {
            yield return Of(
                FastestGraphile,
                "concurrentJobs 24, localQueue 500, completeJobBatchDelay 0; deletes what is done: no result, no row; not fenced (completes by id alone)",
                GraphileDone,
                database => ContestantProcess.StartPeer(database, $"graphile-worker.js fast {scale.Tasks}")
            );
            yield return Of(
                "graphile-worker, plain",
                "concurrentJobs 24; deletes what is done: no result, no row; not fenced (completes by id alone)",
                GraphileDone,
                database => ContestantProcess.StartPeer(database, $"graphile-worker.js plain {scale.Tasks}")
            );
            yield return Of(
                "pg-boss",
                "8 workers, batchSize 5,000, pollingIntervalSeconds 0.5; keeps the row, but a result only in batches of one; fenced by state, not by attempt",
                PgBossDone,
                database => ContestantProcess.StartPeer(database, $"pg-boss.js {scale.Tasks}")
            );
        }

        yield return Of(
            "Hangfire.PostgreSql",
            HangfireContestant.Note,
            HangfireDone,
            database => ContestantProcess.Start(database, $"hangfire --tasks {scale.Tasks}")
        );
    }

    /// <param name="partly">Takes how far it came, when it was broken off.</param>
    private static async Task<double> RunAsync(
        BenchServer server,
        Scale scale,
        string doneByDatabase,
        Func<BenchDatabase, HostProcess> start,
        List<string> partly
    )
    {
        await using var database = await server.CreateDatabaseAsync(isEmpty: true);
        await using var process = start(database);
        var result = await ContestantProcess.DrainAsync(process, scale.PeerPatience);
        var done = await database.ScalarAsync<long>(doneByDatabase);

        var isWhole = result.Handled >= scale.Tasks;
        if (isWhole ? done != scale.Tasks || result.Handled != scale.Tasks : done == 0 || done > result.Handled)
            throw new InvalidOperationException(
                $"{result.Handled} calls of handlers for {scale.Tasks} tasks, of which {done} are complete: {process.Error}"
            );
        if (isWhole)
            return result.PerSecond;

        partly.Add($"{done:#,##0} of {scale.Tasks:#,##0} done after {scale.PeerPatience.TotalSeconds:0} s");

        // What was called and is not complete does not count.
        return (result.Timed - (result.Handled - done)) / result.Seconds;
    }
}
