using Eventix.Testing;
using Npgsql;

namespace Eventix.Infrastructure.Tests;

/// <summary>The tests' own tool: without it a crash test would prove nothing.</summary>
public sealed class PostgresClusterTests
{
    [Fact]
    public async Task A_killed_server_comes_back_with_what_was_committed()
    {
        var cancelled = TestContext.Current.CancellationToken;
        await using var cluster = await PostgresCluster.StartAsync(durable: true, cancelled);
        await using var database = NpgsqlDataSource.Create(cluster.ConnectionString);
        await using (var create = database.CreateCommand("CREATE TABLE kept AS SELECT 1 AS one"))
            await create.ExecuteNonQueryAsync(cancelled);

        await cluster.KillAsync(cancelled);
        await using var count = database.CreateCommand("SELECT count(*) FROM kept");
        var whileDown = () => count.ExecuteScalarAsync(cancelled);
        await whileDown.Should().ThrowAsync<NpgsqlException>();
        await cluster.RestartAsync(cancelled);

        (await count.ExecuteScalarAsync(cancelled)).Should().Be(1L);
    }
}
