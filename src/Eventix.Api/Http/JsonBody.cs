using System.Buffers;
using System.Globalization;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using Eventix.Api.Errors;
using Microsoft.Net.Http.Headers;

namespace Eventix.Api.Http;

/// <summary>The body of a request: valid UTF-8 that is JSON by what its sender says, not yet parsed.</summary>
/// <param name="Utf8">
/// An array of its own, not a pooled one: slices of it become parameters of a statement that may still be in flight when the request has
/// already been given up.
/// </param>
/// <param name="NonFinite">
/// Offsets in <paramref name="Utf8"/> of top-level values (of an array's items: their top-level values) that were `NaN` or an infinity and now
/// read `null`; null when there were none.
/// </param>
internal readonly record struct JsonBody(ReadOnlyMemory<byte> Utf8, IReadOnlySet<int>? NonFinite = null)
{
    private static ReadOnlySpan<byte> Bom => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads the whole body. Without a content type it is taken for JSON, with another one than JSON's it is refused.</summary>
    /// <exception cref="InvalidRequestException">There is no body, it is not JSON, or it is not UTF-8.</exception>
    public static async ValueTask<JsonBody> ReadAsync(HttpRequest request)
    {
        var body = await ReadBytesAsync(request);
        if (body.Length == 0)
            throw new InvalidRequestException(FieldError.Missing("body", field: null));
        if (!IsJson(request.ContentType))
            throw new InvalidRequestException(NotAnObject(FieldError.EchoOf(Encoding.UTF8.GetString(body))));

        return Of(body);
    }

    /// <summary>The same for a body that may be absent, or `null`: null then.</summary>
    /// <exception cref="InvalidRequestException">It is not JSON, or it is not UTF-8.</exception>
    public static async ValueTask<JsonBody?> ReadOptionalAsync(HttpRequest request)
    {
        var body = await ReadBytesAsync(request);
        if (body.Length == 0)
            return null;
        if (!IsJson(request.ContentType))
            throw new InvalidRequestException(NotAnObject(FieldError.EchoOf(Encoding.UTF8.GetString(body))));

        return body.AsSpan().Trim(" \t\r\n"u8).SequenceEqual("null"u8) ? null : Of(body);
    }

    /// <exception cref="InvalidRequestException">It is not UTF-8.</exception>
    public static JsonBody Of(ReadOnlyMemory<byte> body)
    {
        if (body.Span.StartsWith(Bom))
            body = body[Bom.Length..];
        if (!System.Text.Unicode.Utf8.IsValid(body.Span))
            throw new InvalidRequestException(Broken(body.Span, ValidLength(body.Span), "Invalid UTF-8"));

        return ReplaceNonFinite(body);
    }

    /// <summary>The items of a body that is an array, each as a body of its own: of whatever kind, but well-formed.</summary>
    /// <param name="most">More of them are refused.</param>
    /// <exception cref="InvalidRequestException">It is no JSON, no array, or has too many items.</exception>
    public IReadOnlyList<JsonBody> Items(int most)
    {
        var items = new List<JsonBody>();
        var nonFinite = new Queue<int>((NonFinite ?? new HashSet<int>()).Order());
        var reader = new Utf8JsonReader(Utf8.Span, new JsonReaderOptions { MaxDepth = BodyFields.MaxDepth + 1 });
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                throw new InvalidRequestException(
                    new FieldError(
                        "list_type",
                        "body",
                        Field: null,
                        "Input should be a valid list",
                        FieldError.Echo(Utf8[start..(int)reader.BytesConsumed])
                    )
                );
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                items.Add(Slice(start, (int)reader.BytesConsumed, nonFinite));
            }

            reader.Read();
        }
        catch (JsonException broken)
        {
            throw new InvalidRequestException(Broken(Utf8.Span, broken));
        }

        if (items.Count > most)
        {
            var message = $"List should have at most {most} items after validation, not {items.Count}";
            var bound = ("max_length", most.ToString(CultureInfo.InvariantCulture));
            throw new InvalidRequestException(new FieldError("too_long", "body", Field: null, message, Context: bound));
        }

        return items;
    }

    public static FieldError Broken(ReadOnlySpan<byte> body, int offset, string problem) =>
        new(
            "json_invalid",
            "body",
            Field: null,
            "JSON decode error",
            "{}"u8.ToArray(),
            Encoding.UTF8.GetCharCount(body[..offset]),
            ("error", problem)
        );

    public static FieldError Broken(ReadOnlySpan<byte> body, JsonException broken)
    {
        var offset = 0;
        for (var line = broken.LineNumber ?? 0; line > 0; line--)
        {
            var end = body[offset..].IndexOf((byte)'\n');
            if (end < 0)
                break;
            offset += end + 1;
        }

        // The reader's own text without its own position.
        var position = broken.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        var problem = position < 0 ? broken.Message : broken.Message[..position];

        return Broken(body, (int)Math.Min(offset + (broken.BytePositionInLine ?? 0), body.Length), problem);
    }

    public static FieldError NotAnObject(ReadOnlyMemory<byte>? input) =>
        new("model_attributes_type", "body", Field: null, "Input should be a valid dictionary or object to extract fields from", input);

    private JsonBody Slice(int start, int end, Queue<int> nonFinite)
    {
        HashSet<int>? inside = null;
        while (nonFinite.TryPeek(out var at) && at < end)
        {
            nonFinite.Dequeue();
            (inside ??= []).Add(at - start);
        }

        return new JsonBody(Utf8[start..end], inside);
    }

    private static async ValueTask<byte[]> ReadBytesAsync(HttpRequest request)
    {
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(request.HttpContext.RequestAborted);
            if (!read.IsCompleted)
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            var body = read.Buffer.ToArray();
            reader.AdvanceTo(read.Buffer.End);
            return body;
        }
    }

    private static bool IsJson(string? contentType)
    {
        if (string.IsNullOrEmpty(contentType) || contentType == MediaTypeNames.Application.Json)
            return true;

        return MediaTypeHeaderValue.TryParse(contentType, out var type)
            && type.Type.Equals("application", StringComparison.OrdinalIgnoreCase)
            && (
                type.SubType.Equals("json", StringComparison.OrdinalIgnoreCase)
                || type.SubType.EndsWith("+json", StringComparison.OrdinalIgnoreCase)
            );
    }

    private static int ValidLength(ReadOnlySpan<byte> body)
    {
        var length = 0;
        while (Rune.DecodeFromUtf8(body[length..], out _, out var used) == OperationStatus.Done)
            length += used;

        return length;
    }

    // Python's json writes NaN, Infinity and -Infinity as bare words. Nearly every body is searched once and left as it is.
    private static JsonBody ReplaceNonFinite(ReadOnlyMemory<byte> body)
    {
        if (body.Span.IndexOf("NaN"u8) < 0 && body.Span.IndexOf("Infinity"u8) < 0)
            return new JsonBody(body);

        var json = body.Span;
        var replaced = new ArrayBufferWriter<byte>(json.Length + 16);
        var topLevel = new HashSet<int>();
        var depth = 0;
        var topDepth = json.TrimStart(" \t\r\n"u8) is [(byte)'[', ..] ? 2 : 1;
        for (var i = 0; i < json.Length; )
        {
            var length = 1;
            switch (json[i])
            {
                case (byte)'"':
                    length = StringLength(json[i..]);
                    break;
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                case (byte)'}' or (byte)']':
                    depth--;
                    break;
                default:
                    length = NonFiniteLength(json[i..]);
                    if (length > 0)
                    {
                        if (depth == topDepth)
                            topLevel.Add(replaced.WrittenCount);
                        replaced.Write("null"u8);
                        i += length;
                        continue;
                    }

                    length = 1;
                    break;
            }

            replaced.Write(json.Slice(i, length));
            i += length;
        }

        return new JsonBody(replaced.WrittenMemory, topLevel.Count > 0 ? topLevel : null);
    }

    private static int NonFiniteLength(ReadOnlySpan<byte> json) =>
        json.StartsWith("NaN"u8) ? 3
        : json.StartsWith("Infinity"u8) ? 8
        : json.StartsWith("-Infinity"u8) ? 9
        : 0;

    // With its quotes; the rest when it does not end.
    private static int StringLength(ReadOnlySpan<byte> json)
    {
        for (var i = 1; i < json.Length; i++)
        {
            var next = json[i..].IndexOfAny((byte)'"', (byte)'\\');
            if (next < 0)
                break;

            i += next;
            if (json[i] == '"')
                return i + 1;
            i++;
        }

        return json.Length;
    }
}
