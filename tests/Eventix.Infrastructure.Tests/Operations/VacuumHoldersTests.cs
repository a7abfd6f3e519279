using Eventix.Application.Operations;
using Eventix.Infrastructure.Operations;
using Eventix.Infrastructure.Tests.Workers;
using Eventix.Testing;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Operations;

/// <summary>
/// With no patience at all, since the tests of other classes hold vacuum back too, each finds what it looks for by its pid or name. What they hold
/// back already is not told of those who came later: so each waits until it is told.
/// </summary>
public sealed class VacuumHoldersTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private string Elsewhere => new NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = "postgres" }.ConnectionString;

    [Fact]
    public async Task An_idle_transaction_with_a_snapshot_is_told_with_who_it_is_and_what_to_do()
    {
        await using var held = await HeldTransaction.BeginAsync(database.ConnectionString, "SELECT 'a secret'");
        await WriteAsync();

        var holder = await ToldAsync(Holders(), held.Pid);

        holder
            .Should()
            .BeEquivalentTo(
                new
                {
                    Kind = "transaction",
                    Name = $"{held.Pid}",
                    Holds = "tables",
                    Pid = held.Pid,
                    Database = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database,
                    User = await database.ScalarAsync<string>("SELECT current_user::text"),
                    Application = "forgotten",
                    Backend = "client backend",
                    State = "idle in transaction",
                    Remedy = "Commit its transaction, roll it back, or end its connection: " + $"SELECT pg_terminate_backend({held.Pid})",
                }
            );
        holder.Held.Should().BePositive();
        holder.Transactions.Should().BePositive();
        holder.ToString().Should().NotContain("secret");
    }

    [Fact]
    public async Task It_is_told_only_after_its_time_and_no_longer_than_it_lasts()
    {
        int pid;
        await using (var held = await HeldTransaction.BeginAsync(database.ConnectionString))
        {
            pid = held.Pid;
            await WriteAsync();

            await ToldAsync(Holders(), pid);
            (await FindAsync(Holders(TimeSpan.FromHours(1)), pid)).Should().BeNull();
        }

        await Eventually.BecomesAsync(async () => await FindAsync(Holders(), pid) is null, "it is gone");
    }

    [Fact]
    public async Task A_transaction_that_keeps_no_snapshot_and_has_written_nothing_is_not_told()
    {
        // A SELECT that was the last statement would still have its snapshot: its portal is only closed by the next one.
        await using var harmless = await HeldTransaction.BeginAsync(
            database.ConnectionString,
            "SELECT 1; SET LOCAL lock_timeout = 0",
            "READ COMMITTED"
        );
        await using var held = await HeldTransaction.BeginAsync(database.ConnectionString);
        await WriteAsync();

        await ToldAsync(Holders(), held.Pid);
        (await FindAsync(Holders(), harmless.Pid)).Should().BeNull();
    }

    [Fact]
    public async Task Of_other_databases_what_has_written_is_told_and_what_only_reads_is_not()
    {
        await using var reads = await HeldTransaction.BeginAsync(Elsewhere);
        await using var writes = await HeldTransaction.BeginAsync(Elsewhere, "SELECT txid_current()", "READ COMMITTED");
        await WriteAsync();

        (await ToldAsync(Holders(), writes.Pid)).Database.Should().Be("postgres");
        (await FindAsync(Holders(), reads.Pid)).Should().BeNull();
    }

    [Fact]
    public async Task A_snapshot_that_is_only_as_old_as_another_transaction_makes_every_snapshot_is_not_told()
    {
        await using var writes = await HeldTransaction.BeginAsync(database.ConnectionString, "SELECT txid_current()", "READ COMMITTED");
        await ToldAsync(Holders(), writes.Pid);
        HeldTransaction? follows = null;
        await Eventually.BecomesAsync(
            async () =>
            {
                // An older one of another class may still have been in its snapshot.
                if (follows is not null)
                    await follows.DisposeAsync();
                follows = await HeldTransaction.BeginAsync(database.ConnectionString);

                return await database.ScalarAsync<bool>(
                    $"""
                    SELECT (SELECT backend_xmin FROM pg_stat_activity WHERE pid = {follows.Pid})
                        = (SELECT backend_xid FROM pg_stat_activity WHERE pid = {writes.Pid})
                    """
                );
            },
            "it has only what the other one holds"
        );
        await using var later = follows!;

        (await FindAsync(Holders(), later.Pid)).Should().BeNull();
    }

    [Fact]
    public async Task Vacuum_itself_is_not_told_while_it_waits_nor_while_it_works()
    {
        await database.ExecuteAsync("CREATE TABLE swept AS SELECT n, repeat('x', 500) FROM generate_series(1, 20000) n; DELETE FROM swept");
        await using var vacuums = new NpgsqlConnection(database.ConnectionString);
        await vacuums.OpenAsync(Stop);
        await using (var slowly = new NpgsqlCommand("SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1", vacuums))
            await slowly.ExecuteNonQueryAsync(Stop);
        await using var vacuum = new NpgsqlCommand("VACUUM swept", vacuums);
        Task<int> running;

        await using (
            var locks = await HeldTransaction.BeginAsync(
                database.ConnectionString,
                "LOCK TABLE swept IN SHARE UPDATE EXCLUSIVE MODE",
                "READ COMMITTED"
            )
        )
        {
            running = vacuum.ExecuteNonQueryAsync(Stop);
            await HasAsync($"SELECT 1 FROM pg_stat_activity WHERE pid = {vacuums.ProcessID} AND wait_event_type = 'Lock'");
            await WriteAsync();
            (await FindAsync(Holders(), vacuums.ProcessID)).Should().BeNull();
        }

        await HasAsync($"SELECT 1 FROM pg_stat_progress_vacuum WHERE pid = {vacuums.ProcessID}");
        await WriteAsync();
        (await FindAsync(Holders(), vacuums.ProcessID)).Should().BeNull();

        vacuum.Cancel();
        await FluentActions.Awaiting(() => running).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_role_that_may_not_see_others_is_told_what_is_known_and_what_to_grant()
    {
        await using var poor = await PoorRole.CreateAsync(database);
        await using var held = await HeldTransaction.BeginAsync(database.ConnectionString);
        await WriteAsync();

        var holder = await ToldAsync(new VacuumHolders(poor.DataSource, Patience(TimeSpan.Zero)), held.Pid);

        holder.Transactions.Should().BePositive();
        (holder.Application, holder.State, holder.Client, holder.Backend).Should().Be(("forgotten", null, null, null));
        holder
            .Remedy.Should()
            .Contain($"pg_terminate_backend({held.Pid})")
            .And.EndWith($"hidden from this host: GRANT pg_read_all_stats TO {poor.Name}");
    }

    [Fact]
    public async Task What_does_not_tell_when_it_began_is_told_as_soon_as_it_was_seen_for_long_enough()
    {
        await using var poor = await PoorRole.CreateAsync(database);
        await using var held = await HeldTransaction.BeginAsync(database.ConnectionString);
        await WriteAsync();
        var heldFor = TimeSpan.FromMilliseconds(500);
        var holders = new VacuumHolders(poor.DataSource, Patience(heldFor));

        (await FindAsync(holders, held.Pid)).Should().BeNull();

        var holder = await ToldAsync(holders, held.Pid);
        holder.Held.Should().BeGreaterThanOrEqualTo(heldFor);
    }

    [Fact]
    public async Task A_role_that_may_not_look_at_all_is_answered_with_null()
    {
        await using var poor = await PoorRole.CreateAsync(database);
        await database.ExecuteAsync("REVOKE SELECT ON pg_catalog.pg_stat_activity FROM PUBLIC");
        try
        {
            (await new VacuumHolders(poor.DataSource, Patience(TimeSpan.Zero)).LookAsync(Stop)).Should().BeNull();
        }
        finally
        {
            await database.ExecuteAsync("GRANT SELECT ON pg_catalog.pg_stat_activity TO PUBLIC");
        }
    }

    [Fact]
    public async Task Prepared_transactions_and_slots_are_told_with_the_statement_that_ends_them()
    {
        Assert.SkipUnless(PostgresCluster.IsAvailable, "Needs PostgreSQL programs, for a server that allows both.");
        await using var cluster = await PostgresCluster.StartAsync(false, ["max_prepared_transactions=2", "wal_level=logical"], Stop);
        await using var source = NpgsqlDataSource.Create(cluster.ConnectionString);
        foreach (
            var statement in new[]
            {
                "SELECT pg_create_logical_replication_slot('stays', 'pgoutput')",
                "CREATE TABLE of_others (n int)",
                "BEGIN; INSERT INTO of_others VALUES (1); PREPARE TRANSACTION 'it''s lost'",
                "INSERT INTO of_others VALUES (2)",
            }
        )
        {
            await using var command = source.CreateCommand(statement);
            await command.ExecuteNonQueryAsync(Stop);
        }

        var found = await new VacuumHolders(source, Patience(TimeSpan.Zero)).LookAsync(Stop);

        found!
            .Select(holder => (holder.Kind, holder.Name, holder.Holds, holder.State, holder.Backend, holder.Remedy))
            .Should()
            .Equal(
                (
                    "prepared_transaction",
                    "it's lost",
                    "tables",
                    null,
                    null,
                    "In the database postgres: COMMIT PREPARED 'it''s lost' or ROLLBACK PREPARED 'it''s lost'"
                ),
                (
                    "replication_slot",
                    "stays",
                    "catalogs",
                    "inactive",
                    "logical slot",
                    "If nobody comes back for it: SELECT pg_drop_replication_slot('stays')"
                )
            );
        (await new VacuumHolders(source, Patience(TimeSpan.FromHours(1))).LookAsync(Stop)).Should().BeEmpty();
    }

    private static IOptions<VacuumWatchOptions> Patience(TimeSpan heldFor) => Options.Create(new VacuumWatchOptions { HeldFor = heldFor });

    private VacuumHolders Holders(TimeSpan heldFor = default) => new(database.DataSource, Patience(heldFor));

    private static async Task<VacuumHolder?> FindAsync(VacuumHolders holders, int pid) =>
        (await holders.LookAsync(Stop))!.SingleOrDefault(holder => holder.Pid == pid);

    private static async Task<VacuumHolder> ToldAsync(VacuumHolders holders, int pid)
    {
        VacuumHolder? holder = null;
        await Eventually.BecomesAsync(async () => (holder = await FindAsync(holders, pid)) is not null, $"{pid} is told");

        return holder!;
    }

    /// <summary>A snapshot holds nothing until something is written behind it.</summary>
    private Task WriteAsync() => database.ExecuteAsync("SELECT txid_current()");

    private Task HasAsync(string query) =>
        Eventually.BecomesAsync(async () => await database.ScalarAsync<bool>($"SELECT EXISTS ({query})"), query);

    /// <summary>It may connect, and nothing else.</summary>
    private sealed class PoorRole : IAsyncDisposable
    {
        private readonly TestDatabase _database;

        private PoorRole(TestDatabase database)
        {
            _database = database;
            var to = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = Name, Password = Name };
            DataSource = NpgsqlDataSource.Create(to);
        }

        public string Name { get; } = "evx_poor_" + Guid.NewGuid().ToString("n")[..12];

        public NpgsqlDataSource DataSource { get; }

        public static async Task<PoorRole> CreateAsync(TestDatabase database)
        {
            var role = new PoorRole(database);
            await database.ExecuteAsync($"CREATE ROLE {role.Name} LOGIN PASSWORD '{role.Name}'");

            return role;
        }

        public async ValueTask DisposeAsync()
        {
            await DataSource.DisposeAsync();
            await _database.ExecuteAsync($"DROP ROLE {Name}");
        }
    }
}
