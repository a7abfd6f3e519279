using Eventix.Testing;
using Npgsql;

namespace Eventix.Worker.Tests.Operations;

public sealed class ResetVerbTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private string Name => new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!;

    [Fact]
    public async Task The_schema_is_new_and_empty_and_what_is_not_of_Eventix_stays()
    {
        await database.ExecuteAsync("INSERT INTO eventix_task (uid, task) VALUES ('a', 't')");
        await database.ExecuteAsync("CREATE TABLE IF NOT EXISTS somebodys_own AS SELECT 1 AS n");
        await database.ExecuteAsync("DELETE FROM __ef_migrations_history");
        database.DataSource.Clear();

        var (code, output, error) = await RunAsync(Name);

        code.Should().Be(0, error);
        output.Should().EndWith($"tables of '{Name}'. The schema is new and empty.\n");
        (await database.ScalarAsync<long>("SELECT count(*) FROM eventix_task")).Should().Be(0);
        (await database.ScalarAsync<long>("SELECT count(*) FROM somebodys_own")).Should().Be(1);
        (await database.ScalarAsync<long>("SELECT count(*) FROM __ef_migrations_history")).Should().BePositive();
    }

    [Fact]
    public async Task Another_name_than_that_of_the_database_is_refused()
    {
        await KeepsAsync(Name + "2", database.ConnectionString, "not '");
    }

    [Fact]
    public async Task A_database_that_somebody_is_connected_to_is_refused()
    {
        await using var somebody = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);

        var (code, output, error) = await RunAsync(Name);

        (code, output).Should().Be((2, ""));
        error.Should().Contain("Other connections").And.Contain("stop the hosts");
    }

    [Theory]
    [InlineData("Host=db.example;Database=eventix", "eventix", "another machine")]
    [InlineData("Host=127.0.0.1,db.example;Database=eventix", "eventix", "another machine")]
    [InlineData("Host=localhost;Database=eventix_prod", "eventix_prod", "'prod'")]
    [InlineData("Host=/tmp;Database=EventixLive", "EventixLive", "'live'")]
    public Task A_database_that_looks_like_production_is_refused(string connection, string name, string reason) =>
        KeepsAsync(name, connection, reason);

    private async Task KeepsAsync(string name, string connection, string reason)
    {
        var (code, output, error) = await RunAsync(name, connection);

        (code, output).Should().Be((2, ""));
        error.Should().Contain(reason).And.ContainEquivalentOf("nothing was dropped").And.NotContain("   at ");
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(string name, string? connection = null) =>
        HostProcess.RunAsync("Eventix.Worker", ["reset", "--yes-delete-everything", name], [("DATABASE_URL", connection ?? database.Url)]);
}
