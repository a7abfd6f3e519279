using Eventix.Testing;
using Npgsql;

namespace Eventix.Worker.Tests.Faults;

/// <summary>
/// A database of tasks, another one with the ledger in which handlers note their effects, and hosts on both that a test may kill. A trigger notes
/// every outcome that the table of tasks accepts.
/// </summary>
public sealed class FaultyFixture : IAsyncLifetime
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private const string NoteOutcomes = """
        CREATE TABLE IF NOT EXISTS accepted (uid text, attempt int, status text);
        CREATE OR REPLACE FUNCTION note_accepted() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO accepted VALUES (OLD.uid, OLD.attempt, NEW.status);
            RETURN NEW;
        END $$;
        CREATE TRIGGER accepted AFTER UPDATE ON eventix_task FOR EACH ROW
            WHEN (OLD.status = 'processing' AND NEW.status IN ('done', 'error', 'retry')) EXECUTE FUNCTION note_accepted()
        """;

    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("EVENTIX_LONG_TESTS") == "1";

    public TestDatabase Tasks { get; } = new();

    public TestDatabase Ledger { get; } = new EmptyDatabase();

    public async ValueTask InitializeAsync()
    {
        await Tasks.InitializeAsync();
        await Ledger.InitializeAsync();
        await Tasks.ExecuteAsync(NoteOutcomes);
        await Ledger.ExecuteAsync("CREATE TABLE ledger (uid text, attempt int, process int, effect text)");
    }

    public async ValueTask DisposeAsync()
    {
        await Tasks.DisposeAsync();
        await Ledger.DisposeAsync();
    }

    /// <summary>A worker with the tasks of the test host, whose leases are as short as they may be.</summary>
    public HostProcess Start(string @namespace, string? databaseUrl = null, params (string, string)[] more) =>
        HostProcess.Start(
            "Eventix.TestHost",
            [],
            [
                ("DATABASE_URL", databaseUrl ?? Tasks.Url),
                ("LEDGER", Ledger.ConnectionString),
                ("EVENTIX_NAMESPACE", @namespace),
                ("EVENTIX_WORKER_CONCURRENCY", "8"),
                ("EVENTIX_WORKER_LEASE_SECONDS", "2"),
                ("EVENTIX_MAINTENANCE_INTERVAL_SECONDS", "1"),
                .. more,
            ]
        );

    public Task InsertEffectsAsync(string @namespace, int count, int milliseconds) =>
        Tasks.ExecuteAsync(Effects(@namespace, count, milliseconds));

    public static string Effects(string @namespace, int count, int milliseconds) =>
        $$"""
            INSERT INTO eventix_task (uid, task, namespace, kwargs)
            SELECT '{{@namespace}}-' || n, 'test.effect', '{{@namespace}}', '{"milliseconds": {{milliseconds}}}' FROM generate_series(1, {{count}}) n
            """;

    public Task UntilAsync(TestDatabase database, string sql, long atLeast) =>
        UntilAsync(() => database.ScalarAsync<long>(sql), atLeast, sql);

    public static async Task UntilAsync(Func<Task<long>> read, long atLeast, string what)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            var now = await read();
            if (now >= atLeast)
                return;
            if (deadline.IsCancellationRequested)
                throw new TimeoutException($"{now} and not {atLeast} after {Patience}: {what}");
            await timer.WaitForNextTickAsync();
        }
    }

    public Task UntilEffectsAsync(string @namespace, string effect, long atLeast) =>
        UntilAsync(Ledger, $"SELECT count(*) FROM ledger WHERE uid LIKE '{@namespace}-%' AND effect LIKE '{effect}%'", atLeast);

    public Task UntilStatusAsync(string @namespace, string status, long atLeast) =>
        UntilAsync(Tasks, $"SELECT count(*) FROM eventix_task WHERE namespace = '{@namespace}' AND status = '{status}'", atLeast);

    /// <summary>
    /// Every attempt of these tasks had at most one outcome that was accepted, and what was accepted as done had its whole effect in that very
    /// attempt.
    /// </summary>
    public async Task VerifyOutcomesAsync(string @namespace)
    {
        (
            await Tasks.ScalarAsync<long>(
                $"SELECT count(*) FROM (SELECT FROM accepted WHERE uid LIKE '{@namespace}-%' GROUP BY uid, attempt HAVING count(*) > 1) AS twice"
            )
        )
            .Should()
            .Be(0, "no attempt has two outcomes");

        var accepted = await ReadAsync(
            Tasks.DataSource,
            $"SELECT uid || '#' || attempt FROM accepted WHERE uid LIKE '{@namespace}-%' AND status = 'done'"
        );
        var effects = await ReadAsync(
            Ledger.DataSource,
            $"SELECT uid || '#' || attempt FROM ledger WHERE uid LIKE '{@namespace}-%' AND effect = 'ended'"
        );
        accepted.Should().BeSubsetOf(effects);
        accepted.Should().OnlyHaveUniqueItems();
    }

    private static async Task<List<string>> ReadAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await using var rows = await command.ExecuteReaderAsync();

        var read = new List<string>();
        while (await rows.ReadAsync())
            read.Add(rows.GetString(0));

        return read;
    }
}
