using System.Text.RegularExpressions;

namespace Eventix.Contract.Tests.Golden;

/// <summary>The routes that the server does not have yet. Building one means deleting its line here.</summary>
internal static partial class NotBuilt
{
    /// <summary>Routes, and the names of pairs of other routes that only hold after their pairs have run.</summary>
    public static readonly (string Route, string[] Dependents)[] Routes =
    [
        ("/task/{uid}/reschedule", ["get after reschedule"]),
        ("/task/by_unique_key/{unique_key}", []),
        ("/task/by_unique_key/{namespace}/{unique_key}", []),
        ("/tasks/by_status", []),
        ("/tasks/by_task", []),
        ("/tasks/dump", []),
        ("/event", []),
        ("/namespaces", []),
    ];

    /// <summary>The recorded pairs of a route.</summary>
    public static IEnumerable<GoldenPair> PairsOf(string route)
    {
        var pattern = $"^{Parameter().Replace(route, "[^/]+")}$";

        return GoldenPair.All.Where(pair => Regex.IsMatch(pair.Path.Split('?')[0], pattern, RegexOptions.None, TimeSpan.FromSeconds(1)));
    }

    public static bool Has(GoldenPair pair) =>
        Routes.Any(route => route.Dependents.Contains(pair.Name) || PairsOf(route.Route).Contains(pair));

    [GeneratedRegex(@"\{[a-z_]+\}", RegexOptions.None, 1000)]
    private static partial Regex Parameter();
}
