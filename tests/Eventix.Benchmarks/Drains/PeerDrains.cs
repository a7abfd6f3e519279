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
        // What is not there any more has been completed, and what is left is checked.
        const string GraphileLeft = "SELECT count(*) FROM graphile_worker._private_jobs";
        const string PgBossMissing = "SELECT {0} - count(*) FROM pgboss.job WHERE name = 'touch' AND state = 'completed'";
        const string HangfireMissing = "SELECT {0} - count(*) FROM hangfire.job WHERE statename = 'Succeeded'";

        Contestant Of(string name, string note, string missing, Func<BenchDatabase, HostProcess> start) =>
            new(name, "tasks/s", () => RunAsync(server, scale.Tasks, missing, start), note);

        if (PeerPrograms.AreInstalled)
        {
            yield return Of(
                FastestGraphile,
                "concurrentJobs 24, localQueue 500, completeJobBatchDelay 0; deletes what is done: no result, no row; not fenced (completes by id alone)",
                GraphileLeft,
                database => ContestantProcess.StartPeer(database, $"graphile-worker.js fast {scale.Tasks}")
            );
            yield return Of(
                "graphile-worker, plain",
                "concurrentJobs 24; deletes what is done: no result, no row; not fenced (completes by id alone)",
                GraphileLeft,
                database => ContestantProcess.StartPeer(database, $"graphile-worker.js plain {scale.Tasks}")
            );
            yield return Of(
                "pg-boss",
                "8 workers, batchSize 5,000, pollingIntervalSeconds 0.5; keeps the row, but a result only in batches of one; fenced by state, not by attempt",
                PgBossMissing,
                database => ContestantProcess.StartPeer(database, $"pg-boss.js {scale.Tasks}")
            );
        }

        yield return Of(
            "Hangfire.PostgreSql",
            HangfireContestant.Note,
            HangfireMissing,
            database => ContestantProcess.Start(database, $"hangfire --tasks {scale.Tasks}")
        );
    }

    private static async Task<double> RunAsync(BenchServer server, int tasks, string missing, Func<BenchDatabase, HostProcess> start)
    {
        await using var database = await server.CreateDatabaseAsync(isEmpty: true);
        await using var process = start(database);
        var result = await ContestantProcess.DrainAsync(process, tasks);

        var left = await database.ScalarAsync<long>(string.Format(missing, tasks));
        if (left != 0)
            throw new InvalidOperationException($"{left} of {tasks} tasks are not complete: {process.Error}");

        return result.PerSecond;
    }
}
