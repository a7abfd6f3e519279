using System.Collections.Concurrent;
using Eventix.Application.Operations;
using Eventix.Infrastructure.Operations;
using Eventix.Infrastructure.Tests.Workers;
using Eventix.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Operations;

public sealed class VacuumWatchTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly VacuumHolder Report = new(
        "transaction",
        "4242",
        "tables",
        4242,
        "eventix",
        "reporter",
        "psql",
        "10.0.0.7",
        "client backend",
        "idle in transaction",
        TimeSpan.FromSeconds(312.4),
        51_234,
        "End it: SELECT pg_terminate_backend(4242)"
    );

    private static readonly VacuumHolder Slot = Report with { Kind = "replication_slot", Name = "stays", Pid = null, User = null };

    private readonly Lines _lines = new();

    [Fact]
    public void It_says_who_holds_vacuum_back_and_what_to_do()
    {
        Watch().Tell([Report, Slot]);

        _lines
            .All.Should()
            .Equal(
                (
                    LogLevel.Warning,
                    "Vacuum of the tables is held back by the transaction 4242, for 312 seconds and 51234 transactions so far"
                        + " (database eventix, user reporter, application psql, client 10.0.0.7, state idle in transaction; 1 more hold it too):"
                        + " rows that are done with cannot be removed, and claims grow slower. End it: SELECT pg_terminate_backend(4242)"
                )
            );
    }

    [Fact]
    public void It_says_so_once_and_says_when_it_is_over()
    {
        var watch = Watch();

        watch.Tell([]);
        watch.Tell([Report]);
        watch.Tell([Report with { Held = TimeSpan.FromSeconds(322) }, Slot]);
        watch.Tell([]);
        watch.Tell([]);

        _lines.All.Select(line => line.Level).Should().Equal(LogLevel.Warning, LogLevel.Information);
        _lines.All.Last().Text.Should().Be("Nothing holds back vacuum any more; the last one was the transaction 4242");
    }

    [Fact]
    public void It_says_so_again_after_a_while_and_when_another_one_has_become_the_worst()
    {
        var watch = Watch();
        watch.Tell([Report]);
        watch.Tell([Slot]);
        watch.Tell([Slot]);

        var impatient = Watch(saidAgainAfter: TimeSpan.Zero);
        impatient.Tell([Report]);
        impatient.Tell([Report]);

        _lines
            .All.Select(line => line.Text.Split(',')[0])
            .Should()
            .Equal(
                "Vacuum of the tables is held back by the transaction 4242",
                "Vacuum of the tables is held back by the replication_slot stays",
                "Vacuum of the tables is held back by the transaction 4242",
                "Vacuum of the tables is held back by the transaction 4242"
            );
    }

    [Fact]
    public void That_it_may_not_look_is_said_once()
    {
        var watch = Watch();

        watch.Tell(null);
        watch.Tell(null);
        watch.Tell([]);

        _lines.All.Should().ContainSingle().Which.Text.Should().Contain("may not read pg_stat_activity");
    }

    [Fact]
    public async Task A_forgotten_transaction_is_in_the_log_and_so_is_its_end()
    {
        using var watch = Watch();
        int pid;
        await using (var held = await HeldTransaction.BeginAsync(database.ConnectionString))
        {
            pid = held.Pid;
            await database.ExecuteAsync("SELECT txid_current()");
            await watch.StartAsync(TestContext.Current.CancellationToken);
            await Eventually.BecomesAsync(() => Has(LogLevel.Warning, $"transaction {pid}"), "the warning");
        }

        await Eventually.BecomesAsync(() => Has(LogLevel.Information, "Nothing holds back vacuum any more"), "the end of it");
        await watch.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_database_that_is_away_is_said_once_and_does_not_end_the_watch()
    {
        await using var nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody;Database=none;Timeout=1");
        using var watch = Watch(source: nowhere);

        await watch.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.BecomesAsync(() => Has(LogLevel.Warning, "until the database answers again"), "the warning");
        await Task.WhenAny(watch.ExecuteTask!, Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken));

        watch.ExecuteTask!.IsCompleted.Should().BeFalse();
        _lines.All.Should().HaveCount(1);
        await watch.StopAsync(TestContext.Current.CancellationToken);
    }

    private bool Has(LogLevel level, string text) =>
        _lines.All.Any(line => line.Level == level && line.Text.Contains(text, StringComparison.Ordinal));

    // The shortest patience at which what other classes do at the same time is no matter.
    private VacuumWatch Watch(TimeSpan? saidAgainAfter = null, NpgsqlDataSource? source = null)
    {
        var options = Options.Create(
            new VacuumWatchOptions
            {
                HeldFor = TimeSpan.FromMilliseconds(300),
                Interval = TimeSpan.FromMilliseconds(20),
                SaidAgainAfter = saidAgainAfter ?? TimeSpan.FromHours(1),
            }
        );

        return new VacuumWatch(new VacuumHolders(source ?? database.DataSource, options), options, TimeProvider.System, _lines);
    }

    private sealed class Lines : ILogger<VacuumWatch>
    {
        private readonly ConcurrentQueue<(LogLevel Level, string Text)> _all = new();

        public IReadOnlyCollection<(LogLevel Level, string Text)> All => _all;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => _all.Enqueue((logLevel, formatter(state, exception)));
    }
}
