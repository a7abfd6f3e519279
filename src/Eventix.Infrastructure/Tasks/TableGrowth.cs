using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// Has PostgreSQL look at the table again soon after it has outgrown what is known of it. Statements are planned once for each connection: what was
/// planned for a handful of tasks reads the whole table, for every claim and every write-back. Autovacuum notices by itself, but a minute later by
/// default.
/// </summary>
internal sealed class TableGrowth(NpgsqlDataSource database)
{
    // To read a hundred pages takes a millisecond. What was planned for ten thousand goes by indexes, and is right for any number.
    private const string HasOutgrown = """
        SELECT pg_relation_size(c.oid) / current_setting('block_size')::int > 2 * c.relpages + 100
        FROM pg_class c
        WHERE c.oid = 'eventix_task'::regclass AND c.relpages < 10000 AND pg_has_role(c.relowner, 'USAGE')
        """;

    // It stands back from whoever works on the table: autovacuum, which does the same, or a migration.
    private const string Analyze = "ANALYZE (SKIP_LOCKED) eventix_task";

    /// <summary>Returns whether PostgreSQL was asked to look at the table: every statement is then planned anew, in every host.</summary>
    public async Task<bool> AnalyzeAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);

        await using var look = new NpgsqlCommand(HasOutgrown, connection);
        if (await look.ExecuteScalarAsync(cancellationToken) is not true)
            return false;

        await using var analyze = new NpgsqlCommand(Analyze, connection);
        await analyze.ExecuteNonQueryAsync(cancellationToken);

        return true;
    }
}
