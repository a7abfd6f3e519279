namespace Eventix.Api.Configuration;

/// <summary>The sites whose scripts may call the API from a browser.</summary>
internal sealed class CorsOrigins
{
    public static readonly CorsOrigins Any = new(null);
    public static readonly CorsOrigins None = new([]);

    private readonly HashSet<string>? _origins;

    private CorsOrigins(IEnumerable<string>? origins) => _origins = origins?.ToHashSet(StringComparer.OrdinalIgnoreCase);

    public bool IsNone => _origins is { Count: 0 };

    /// <param name="origins">Such as `https://eventix.example` or `http://localhost:3000`. Null when one of them is no origin.</param>
    public static CorsOrigins? Of(IEnumerable<string> origins)
    {
        var list = origins.ToList();
        return list.TrueForAll(IsOrigin) ? new CorsOrigins(list) : null;
    }

    public bool Contains(string origin) => _origins is null || _origins.Contains(origin);

    // As browsers send it: without a path, and without a slash at its end.
    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri.Host.Length > 0
        && text.Equals($"{uri.Scheme}://{uri.Authority}", StringComparison.OrdinalIgnoreCase);
}
