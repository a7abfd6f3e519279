using Eventix.Infrastructure.Tasks;
using Eventix.Testing;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class TableGrowthTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    /// <summary>A table as a quiet queue has it, of which PostgreSQL knows that it is small, and does not find out by itself that it has grown.</summary>
    private async Task BeginSmallAsync()
    {
        await database.ExecuteAsync("ALTER TABLE eventix_task SET (autovacuum_enabled = false)");
        await database.ExecuteAsync("TRUNCATE eventix_task");
        await InsertAsync(60, "done");
        await database.ExecuteAsync("ANALYZE eventix_task");
    }

    private Task InsertAsync(int count, string status = "scheduled") =>
        database.ExecuteAsync(
            $"""
            INSERT INTO eventix_task (uid, task, status, kwargs)
            SELECT '{status}-' || n, 't', '{status}', json_build_object('payload', repeat('x', 86)) FROM generate_series(1, {count}) n
            """
        );

    [Fact]
    public async Task Claims_that_were_planned_for_a_small_table_are_planned_anew_when_it_has_grown()
    {
        await BeginSmallAsync();
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var prepare = new NpgsqlCommand(
            "PREPARE claim (text, int, text[], interval[], bigint[], timestamptz[], text[], text, bigint[]) AS " + TaskClaims.Claim,
            connection
        );
        await prepare.ExecuteNonQueryAsync();
        for (var run = 0; run < 10; run++)
            await PlanAsync(connection);
        await InsertAsync(10_000);
        (await PlanAsync(connection)).Should().Contain("Seq Scan", "otherwise this test shows nothing");

        (await new TableGrowth(database.DataSource).AnalyzeAsync(CancellationToken.None)).Should().BeTrue();

        (await PlanAsync(connection)).Should().Contain("Tid Scan").And.NotContain("Seq Scan");
    }

    [Fact]
    public async Task A_table_that_has_not_grown_is_left_alone()
    {
        var growth = new TableGrowth(database.DataSource);
        await BeginSmallAsync();

        (await growth.AnalyzeAsync(CancellationToken.None)).Should().BeFalse();

        await InsertAsync(10_000);
        (await growth.AnalyzeAsync(CancellationToken.None)).Should().BeTrue();
        (await growth.AnalyzeAsync(CancellationToken.None)).Should().BeFalse();
    }

    [Fact]
    public async Task It_stands_back_from_whoever_works_on_the_table()
    {
        await BeginSmallAsync();
        await InsertAsync(10_000);
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var @lock = new NpgsqlCommand("LOCK TABLE eventix_task IN SHARE UPDATE EXCLUSIVE MODE", connection))
            await @lock.ExecuteNonQueryAsync();

        var look = new TableGrowth(database.DataSource).AnalyzeAsync(CancellationToken.None);

        (await look.WaitAsync(TimeSpan.FromSeconds(20))).Should().BeTrue("it has asked, and does not wait for the answer");
    }

    /// <summary>The plan of a claim that the connection has prepared before.</summary>
    private static async Task<string> PlanAsync(NpgsqlConnection connection)
    {
        await using var explain = new NpgsqlCommand(
            """
            EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE claim (
                'default', 1, ARRAY['w'], ARRAY[interval '300 s'], ARRAY[]::bigint[], ARRAY[]::timestamptz[], NULL, NULL, ARRAY[1]::bigint[])
            """,
            connection
        );

        return (string)(await explain.ExecuteScalarAsync())!;
    }
}
