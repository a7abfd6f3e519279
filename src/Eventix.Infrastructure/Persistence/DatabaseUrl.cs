using Npgsql;

namespace Eventix.Infrastructure.Persistence;

internal static class DatabaseUrl
{
    public static NpgsqlConnectionStringBuilder Parse(string text) => new(text);
}
