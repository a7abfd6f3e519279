namespace Eventix.Api.Docs;

/// <summary>The routes about the host itself, told to people.</summary>
internal static class HostDescriptions
{
    /// <summary>Answered before routing, for any method.</summary>
    public static readonly RouteDescription Health = new(
        "GET /healthz",
        "Whether the process is there",
        "For any method, and without a look at the database."
    )
    {
        NeedsNoDatabase = true,
        Answers = [new(200, "It is.", "Health", """{"status": "healthy"}""")],
    };

    public static readonly IReadOnlyList<SchemaDescription> Schemas =
    [
        new("Health", "The state of the process.", [new("status", "string", "`healthy`.") { IsRequired = true }]),
        new("Version", "The version of the server.", [new("version", "string", "Such as `4.4.0`.") { IsRequired = true }]),
    ];

    public static readonly IReadOnlyList<RouteDescription> Routes =
    [
        new("GET /version", "The version of the server", "")
        {
            NeedsNoDatabase = true,
            Answers = [new(200, "The version.", "Version", """{"version":"4.4.0"}""")],
        },
    ];
}
