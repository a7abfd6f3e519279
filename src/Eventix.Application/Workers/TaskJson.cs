using System.Text.Encodings.Web;
using System.Text.Json;

namespace Eventix.Application.Workers;

/// <summary>How C# values become the JSON of tasks and back: snake_case names, unescaped UTF-8.</summary>
internal static class TaskJson
{
    /// <summary>As deep as the API takes it.</summary>
    public const int MaxDepth = 512;

    public static JsonSerializerOptions Options { get; } = Create();

    public static JsonDocumentOptions DocumentOptions { get; } = new() { MaxDepth = MaxDepth };

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.General)
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            MaxDepth = MaxDepth,
        };

        // What it knows of a type can be asked for before the first value is read.
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    public static string WireName(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
