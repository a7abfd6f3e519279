using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Eventix.Api.Errors;

/// <summary>One item of a 422's `detail`, in the words of pydantic, which Python clients show to their users.</summary>
/// <param name="Type">pydantic's name of the error, such as `int_parsing`.</param>
/// <param name="Where">`body`, `query` or `path`.</param>
/// <param name="Field">The field in question; null when it is the body as a whole.</param>
/// <param name="Input">What was sent, as JSON; null when nothing was.</param>
/// <param name="Offset">Where broken JSON breaks, in characters; or which of several values of the field it is, from 0.</param>
internal sealed record FieldError(
    string Type,
    string Where,
    string? Field,
    string Message,
    ReadOnlyMemory<byte>? Input = null,
    int? Offset = null,
    (string Key, string Value)? Context = null
)
{
    // Longer values are cut: an error must not answer megabytes because megabytes were sent.
    private const int MaxEchoedBytes = 2048;
    private const int CutCharacters = 200;

    public static FieldError Missing(string where, string? field, ReadOnlyMemory<byte>? input = null) =>
        new("missing", where, field, "Field required", input);

    /// <summary>A broken rule that pydantic has no name for.</summary>
    public static FieldError Value(string where, string field, string message, object? input) =>
        new("value_error", where, field, $"Value error, {message}", EchoOf(input?.ToString()));

    /// <param name="json">A JSON value as it was sent.</param>
    public static ReadOnlyMemory<byte> Echo(ReadOnlyMemory<byte> json) =>
        json.Length <= MaxEchoedBytes ? json : EchoOf(Encoding.UTF8.GetString(json.Span[..(4 * CutCharacters)]))!.Value;

    /// <param name="text">Text that was sent outside of JSON.</param>
    public static ReadOnlyMemory<byte>? EchoOf(string? text)
    {
        if (text is null)
            return null;

        if (text.Length > CutCharacters)
            text = string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[CutCharacters - 1]) ? CutCharacters - 1 : CutCharacters), "…");

        return JsonSerializer.SerializeToUtf8Bytes(text);
    }

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, Type);
        writer.WriteStartArray("loc"u8);
        writer.WriteStringValue(Where);
        if (Field is not null)
            writer.WriteStringValue(Field);
        if (Offset is { } offset)
            writer.WriteNumberValue(offset);
        writer.WriteEndArray();
        writer.WriteString("msg"u8, Message);
        writer.WritePropertyName("input"u8);
        if (Input is { } input)
            writer.WriteRawValue(input.Span, skipInputValidation: true);
        else
            writer.WriteNullValue();

        if (Context is var (key, value))
        {
            writer.WriteStartObject("ctx"u8);
            writer.WritePropertyName(key);
            if (int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
                writer.WriteNumberValue(number);
            else
                writer.WriteStringValue(value);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }
}
