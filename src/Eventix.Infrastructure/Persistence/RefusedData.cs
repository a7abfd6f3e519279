using Npgsql;

namespace Eventix.Infrastructure.Persistence;

internal static class RefusedData
{
    /// <summary>Whether PostgreSQL refused a value, so that the same statement would fail for ever: data exceptions, constraints, exceeded limits.</summary>
    public static bool IsAboutTheData(this PostgresException refused) => refused.SqlState[..2] is "22" or "23" or "54";
}
