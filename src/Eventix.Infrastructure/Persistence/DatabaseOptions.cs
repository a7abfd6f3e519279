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
        RefuseOtherBackends(variables);
        MigrateOnStart = variables.Switch("EVENTIX_MIGRATE_ON_START", MigrateOnStart);

        var mistakes = new List<string>();
        var builder = Parse(variables.Text(DatabaseUrl.Variable), mistakes);
        UsePool(builder, variables);
        if (mistakes.Count == 0)
            RefuseContradictions(builder, mistakes);

        mistakes.ForEach(variables.Refuse);
        ConnectionString = builder.ConnectionString;
    }

    private static NpgsqlConnectionStringBuilder Parse(string? url, List<string> mistakes)
    {
        if (url is not null)
            return DatabaseUrl.Parse(url, mistakes);

        mistakes.Add($"{DatabaseUrl.Variable} is not set; allowed is {DatabaseUrl.Allowed}.");
        return [];
    }

    private static void UsePool(NpgsqlConnectionStringBuilder builder, Variables variables)
    {
        // Coalescing keeps few connections busy, and the server's 100 are shared by every host. What the URL says is only beaten by a
        // variable that was set.
        builder.MaxPoolSize = variables.Number("EVENTIX_POOL_SIZE", Or(builder, "Maximum Pool Size", 20), 1, 1000);
        builder.Timeout = variables.Number("EVENTIX_POOL_TIMEOUT_SECONDS", Or(builder, "Timeout", 15), 1, 1024);
        builder.MinPoolSize = Math.Min(builder.MinPoolSize, builder.MaxPoolSize);

        builder.MaxAutoPrepare = Or(builder, "Max Auto Prepare", 50);
        builder.AutoPrepareMinUsages = Or(builder, "Auto Prepare Min Usages", 2);

        // Nothing here changes a pooled connection beyond its transaction, and taking that back costs the server more than a statement for a few tasks.
        if (!builder.ShouldSerialize("No Reset On Close"))
            builder.NoResetOnClose = true;
        builder.ApplicationName ??= "eventix";
        builder.PersistSecurityInfo = false;

        // Tells the statement that failed from one that was committed before it in the same round trip.
        builder.IncludeFailedBatchedCommand = true;
    }

    private static int Or(NpgsqlConnectionStringBuilder builder, string option, int fallback) =>
        builder.ShouldSerialize(option) ? (int)builder[option] : fallback;

    /// <summary>Options that are fine each by itself, but not together.</summary>
    private static void RefuseContradictions(NpgsqlConnectionStringBuilder builder, List<string> mistakes)
    {
        try
        {
            new NpgsqlDataSourceBuilder(builder.ConnectionString).Build().Dispose();
        }
        catch (Exception refused) when (refused is ArgumentException or NotSupportedException or InvalidOperationException)
        {
            mistakes.Add($"{DatabaseUrl.Variable} has options that do not go together: {refused.Message}");
        }
    }

    private static void RefuseOtherBackends(Variables variables)
    {
        const string Variable = "EVENTIX_BACKEND";
        const string Import = "dotnet run -c Release --project src/Eventix.Worker -- import --from mongodb://HOST/DATABASE";

        switch (variables.Text(Variable)?.ToLowerInvariant())
        {
            case null or "postgresql":
                break;
            case "mongodb":
                variables.Refuse(
                    $"{Variable} is 'mongodb', which this version does not run on. Set it to 'postgresql' and move the tasks over with: {Import} (docs/migrate-from-mongodb.md)"
                );
                break;
            default:
                variables.Refuse(Variable, variables.Text(Variable)!, "postgresql");
                break;
        }
    }
}
