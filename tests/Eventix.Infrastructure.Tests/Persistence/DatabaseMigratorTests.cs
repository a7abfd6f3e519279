using Eventix.Infrastructure.Persistence;
using Eventix.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Persistence;

public sealed class DatabaseMigratorTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_hosts_may_migrate_an_empty_database_at_once()
    {
        var hosts = Enumerable.Range(0, 8).Select(_ => Migrator(database.ConnectionString)).ToList();

        await Task.WhenAll(hosts.Select(host => host.MigrateAsync(Cancelled)));

        (await hosts[0].PendingAsync(Cancelled)).Should().BeEmpty();
        (await database.ScalarAsync<long>("SELECT count(*) FROM eventix_task")).Should().Be(0);
    }

    [Fact]
    public async Task It_knows_the_migrations_that_EF_knows_in_their_order()
    {
        await using var context = EventixDbContext.Create(database.ConnectionString);

        DatabaseMigrator.Known.Should().NotBeEmpty().And.Equal(context.Database.GetMigrations());
    }

    [Fact]
    public async Task What_the_history_lacks_is_pending_and_what_it_has_of_a_later_version_does_not_matter()
    {
        var migrator = Migrator(database.ConnectionString);
        await migrator.MigrateAsync(Cancelled);
        await database.ExecuteAsync($"INSERT INTO {EventixDbContext.MigrationsTable} VALUES ('99991231235959_Later', '99.0')");
        (await migrator.PendingAsync(Cancelled)).Should().BeEmpty();

        await database.ExecuteAsync($"DELETE FROM {EventixDbContext.MigrationsTable} WHERE migration_id = '{DatabaseMigrator.Known[^1]}'");
        (await migrator.PendingAsync(Cancelled)).Should().Equal(DatabaseMigrator.Known[^1]);

        await database.ExecuteAsync("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC");
        (await migrator.PendingAsync(Cancelled)).Should().Equal(DatabaseMigrator.Known);
    }

    [Fact]
    public async Task A_database_that_cannot_be_opened_is_named_without_its_password()
    {
        var migrator = Migrator("Host=127.0.0.1;Port=1;Username=ada;Password=secret;Database=tasks;Timeout=2");

        var migrate = () => migrator.MigrateAsync(Cancelled);

        (await migrate.Should().ThrowAsync<DatabaseException>())
            .Which.Message.Should()
            .ContainAll("tasks", "127.0.0.1:1", "ada", "DATABASE_URL")
            .And.NotContain("secret");
    }

    [Fact]
    public async Task A_role_that_may_not_read_the_history_of_migrations_is_told_so()
    {
        await Migrator(database.ConnectionString).MigrateAsync(Cancelled);
        await database.ExecuteAsync("DROP ROLE IF EXISTS eventix_stranger; CREATE ROLE eventix_stranger LOGIN PASSWORD 'x'");
        var stranger = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "eventix_stranger", Password = "x" };

        var look = () => Migrator(stranger.ConnectionString).PendingAsync(Cancelled);

        (await look.Should().ThrowAsync<DatabaseException>()).Which.Message.Should().Contain("permission denied").And.NotContain("\n");
    }

    [Fact]
    public async Task A_host_refuses_a_server_before_version_12()
    {
        await using var server = new OldServer("11.22");

        var migrate = () => Migrator(server.ConnectionString).MigrateAsync(Cancelled);

        (await migrate.Should().ThrowAsync<DatabaseException>()).WithMessage("*11.22*12*");
    }

    [Theory]
    [InlineData("11.22", true)]
    [InlineData("9.6.24", true)]
    [InlineData("12.0", false)]
    [InlineData("18.4", false)]
    public void A_server_before_version_12_is_refused_by_its_number(string version, bool refused)
    {
        var check = () => DatabaseMigrator.RefuseOld(new Version(version));

        if (refused)
            check.Should().Throw<DatabaseException>().WithMessage($"*{version}*12*");
        else
            check.Should().NotThrow();
    }

    private static DatabaseMigrator Migrator(string connectionString) =>
        new(Options.Create(new DatabaseOptions { ConnectionString = connectionString }), NullLogger<DatabaseMigrator>.Instance);
}
