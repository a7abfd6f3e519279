using System.Text.Json;
using System.Text.Json.Serialization;

namespace Eventix.Application.Workers;

/// <summary>The `args` of a task as they were sent, for a message that binds them itself.</summary>
/// <param name="Utf8">A JSON array as UTF-8.</param>
[JsonConverter(typeof(RawArgsConverter))]
public readonly record struct RawArgs(ReadOnlyMemory<byte> Utf8);

/// <summary>The `kwargs` of a task as they were sent, for a message that binds them itself.</summary>
/// <param name="Utf8">A JSON object as UTF-8.</param>
[JsonConverter(typeof(RawKwargsConverter))]
public readonly record struct RawKwargs(ReadOnlyMemory<byte> Utf8);

internal sealed class RawArgsConverter : JsonConverter<RawArgs>
{
    public override RawArgs Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(RawJson.Read(ref reader));

    public override void Write(Utf8JsonWriter writer, RawArgs value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
}

internal sealed class RawKwargsConverter : JsonConverter<RawKwargs>
{
    public override RawKwargs Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(RawJson.Read(ref reader));

    public override void Write(Utf8JsonWriter writer, RawKwargs value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
}

internal static class RawJson
{
    public static byte[] Read(ref Utf8JsonReader reader)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return JsonSerializer.SerializeToUtf8Bytes(document.RootElement);
    }
}
