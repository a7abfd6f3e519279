using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Worker.Migration;

/// <summary>`--from`, which MONGODB_URI stands in for.</summary>
internal static class SourceOption
{
    private const string Variable = "MONGODB_URI";

    public const string Missing = $"No source: give --from, or set {Variable}.";

    public static Option<string?> Create() =>
        new("--from")
        {
            Description =
                "mongodb://… with the database in its path; the folder or the .bson file of mongodump; a file of mongoexport; the folder of a dump of the "
                + $"CLI. {Variable} unless given.",
            HelpName = "SOURCE",
        };

    /// <summary>Null when there is none.</summary>
    public static string? Read(string? given, IServiceProvider services) =>
        given ?? (services.GetRequiredService<IConfiguration>()[Variable] is { Length: > 0 } uri ? uri : null);
}
