using Hangfire;
using Hangfire.Logging;
using Hangfire.PostgreSql;
using Npgsql;

namespace Eventix.Benchmarks.Drains;

/// <summary>Hangfire on PostgreSQL. One job is enqueued as its users do, and the others are copies of its rows: enqueuing is not what is measured.</summary>
internal static class HangfireContestant
{
    public const string Note =
        "20 workers, QueuePollInterval 50 ms, no long polling (a drain stands still under it); keeps row and result; takes its entry out of the queue "
        + "only under the time it was fetched at";

    /// <summary>The most that it starts by itself; with 40 it was no faster (413 jobs a second after 399).</summary>
    private const int Workers = 20;

    private static Handled? s_handled;

    public static async Task RunAsync(int tasks)
    {
        LogProvider.SetCurrentLogProvider(new Complaints());
        var connectionString = Environment.GetEnvironmentVariable("DATABASE_URL")!;
        var handled = s_handled = new Handled(tasks);
        var storage = new PostgreSqlStorage(
            new Hangfire.PostgreSql.Factories.NpgsqlConnectionFactory(
                new NpgsqlConnectionStringBuilder(connectionString) { MaxAutoPrepare = 50 }.ConnectionString,
                new PostgreSqlStorageOptions()
            ),
            // Under long polling each fetch starts a listener and, with the job in its hands, waits for the end of it. Now and then that does not come:
            // the job is neither run nor fetched again before InvisibilityTimeout (30 min) is over. Twice of two times it happened in 10,000 jobs, and the
            // listeners cost more than a quarter of the rate (290 jobs a second, 399 without). 50 ms is the least interval that is allowed.
            new PostgreSqlStorageOptions { EnableLongPolling = false, QueuePollInterval = TimeSpan.FromMilliseconds(50) }
        );
        await FillAsync(connectionString, storage, tasks);

        await DrainProtocol.RunAsync(
            connectionString,
            handled,
            () =>
            {
                var server = new BackgroundJobServer(new BackgroundJobServerOptions { WorkerCount = Workers }, storage);
                return Task.FromResult(() => Task.Run(server.Dispose));
            },
            "SELECT EXISTS (SELECT FROM hangfire.jobqueue)"
        );
    }

    /// <summary>What a job runs.</summary>
    public static Touched Run(string payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        s_handled!.One();

        return new Touched("done");
    }

    private static async Task FillAsync(string connectionString, PostgreSqlStorage storage, int tasks)
    {
        var payload = new string('x', 86);
        new BackgroundJobClient(storage).Enqueue(() => Run(payload));

        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        foreach (
            var sql in new[]
            {
                $"""
                    INSERT INTO hangfire.job (statename, invocationdata, arguments, createdat, expireat)
                    SELECT statename, invocationdata, arguments, createdat, expireat FROM hangfire.job, generate_series(2, {tasks})
                    """,
                """
                    INSERT INTO hangfire.state (jobid, name, reason, createdat, data)
                    SELECT j.id, s.name, s.reason, s.createdat, s.data FROM hangfire.job j, hangfire.state s WHERE j.id <> s.jobid ORDER BY j.id
                    """,
                "UPDATE hangfire.job j SET stateid = s.id FROM hangfire.state s WHERE s.jobid = j.id AND j.stateid IS NULL",
                """
                    INSERT INTO hangfire.jobparameter (jobid, name, value)
                    SELECT j.id, p.name, p.value FROM hangfire.job j, hangfire.jobparameter p WHERE j.id <> p.jobid ORDER BY j.id
                    """,
                """
                    INSERT INTO hangfire.jobqueue (jobid, queue)
                    SELECT j.id, q.queue FROM hangfire.job j, hangfire.jobqueue q WHERE j.id <> q.jobid ORDER BY j.id
                    """,
                "VACUUM ANALYZE",
                "CHECKPOINT",
            }
        )
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>What goes wrong inside it belongs to standard error, where the benchmark finds it when a run does not come out.</summary>
    private sealed class Complaints : ILogProvider, ILog
    {
        public ILog GetLogger(string name) => this;

        public bool Log(LogLevel logLevel, Func<string>? messageFunc, Exception? exception = null)
        {
            if (logLevel < LogLevel.Warn)
                return false;

            if (messageFunc is not null)
                Console.Error.WriteLine($"{messageFunc()} {exception}");

            return true;
        }
    }
}
