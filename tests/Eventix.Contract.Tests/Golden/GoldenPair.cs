using System.Text.Json;

namespace Eventix.Contract.Tests.Golden;

/// <summary>A request to the Python server and its answer, as recorded in rest.json.</summary>
/// <param name="Body">The request's body as it was sent; null for none. May hold `${NAME}`, like the path.</param>
/// <param name="Save">Name of a value that later pairs use, and the member of the answer that it is; null when nothing is kept.</param>
/// <param name="Answer">The answer's JSON, with masks; null when it has no body.</param>
public sealed record GoldenPair(
    string Name,
    string Method,
    string Path,
    string? Body,
    (string Name, string Member)? Save,
    int Status,
    JsonElement? Answer
)
{
    /// <summary>All pairs in their order, which is one scenario: later ones build on what earlier ones stored.</summary>
    public static IReadOnlyList<GoldenPair> All { get; } = Read();

    public static GoldenPair Named(string name) => All.Single(pair => pair.Name == name);

    private static List<GoldenPair> Read()
    {
        using var file = File.OpenRead(System.IO.Path.Combine(AppContext.BaseDirectory, "Golden", "rest.json"));

        return [.. JsonDocument.Parse(file).RootElement.EnumerateArray().Select(Read)];
    }

    private static GoldenPair Read(JsonElement pair)
    {
        var request = pair.GetProperty("request");
        var response = pair.GetProperty("response");
        var save = request.TryGetProperty("save", out var names) ? names.EnumerateObject().Single() : default(JsonProperty?);

        var status = response.GetProperty("status").GetInt32();

        return new GoldenPair(
            pair.GetProperty("name").GetString()!,
            request.GetProperty("method").GetString()!,
            request.GetProperty("path").GetString()!,
            request.TryGetProperty("body", out var body) ? body.GetString() : null,
            save is { } kept ? (kept.Name, kept.Value.GetString()!) : null,
            status,
            // The recorder wrote null for a body that is `null` and for none.
            status == 204
                ? null
                : response.GetProperty("body")
        );
    }
}
