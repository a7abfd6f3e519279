using Npgsql;

namespace Eventix.Infrastructure.Persistence;

/// <summary>Runs a single statement again when it lost a race that only PostgreSQL could see.</summary>
internal static class StatementRetry
{
    private const int MostAttempts = 20;

    /// <summary>
    /// Runs <paramref name="statement"/> again after a deadlock, and after a unique violation: its own look at the table was older than a
    /// concurrent insert, and the next run sees that row. Nothing of a failed statement was stored.
    /// </summary>
    /// <param name="expected">A constraint whose violation is no race but the caller's business; null for none.</param>
    public static async Task<T> RunAsync<T>(Func<Task<T>> statement, string? expected = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await statement();
            }
            catch (PostgresException race)
                when (attempt < MostAttempts
                    && race.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected
                    && (expected is null || race.ConstraintName != expected)
                )
            {
                // Again at once: the winner has committed, or was chosen as the survivor.
            }
        }
    }
}
