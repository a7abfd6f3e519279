using Eventix.Application.Configuration;
using Npgsql;

namespace Eventix.Infrastructure.Persistence;

/// <summary>Which database, and how it is used.</summary>
public sealed class DatabaseOptions : IOptionsFromVariables
{
    /// <summary>In Npgsql's form, complete. Holds the password: never to be logged.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>Whether a host brings the schema up to date at start; otherwise it refuses to start while a migration is pending.</summary>
    public bool MigrateOnStart { get; set; } = true;

    public void Read(Variables variables)
    {
        MigrateOnStart = variables.Switch("EVENTIX_MIGRATE_ON_START", fallback: true);
        ConnectionString = Complete(new NpgsqlConnectionStringBuilder(variables.Text("DATABASE_URL"))).ConnectionString;
    }

    private static NpgsqlConnectionStringBuilder Complete(NpgsqlConnectionStringBuilder builder)
    {
        builder.ApplicationName ??= "eventix";
        return builder;
    }
}
