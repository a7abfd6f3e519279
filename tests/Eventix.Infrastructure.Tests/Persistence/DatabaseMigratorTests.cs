using Eventix.Infrastructure.Persistence;
using Eventix.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

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
    public async Task A_database_that_cannot_be_opened_is_named_without_its_password()
    {
        var migrator = Migrator("Host=127.0.0.1;Port=1;Username=ada;Password=secret;Database=tasks;Timeout=2");

        var migrate = () => migrator.MigrateAsync(Cancelled);

        (await migrate.Should().ThrowAsync<DatabaseException>())
            .Which.Message.Should()
            .ContainAll("tasks", "127.0.0.1:1", "ada", "DATABASE_URL")
            .And.NotContain("secret");
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
