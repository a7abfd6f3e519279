using System.Buffers;
using System.Net.Mime;
using System.Text;
using Eventix.Api.Errors;
using Microsoft.Net.Http.Headers;

namespace Eventix.Api.Http;

/// <summary>The body of a request: valid UTF-8 that is JSON by what its sender says, not yet parsed.</summary>
/// <param name="Utf8">
/// An array of its own, not a pooled one: slices of it become parameters of a statement that may still be in flight when the request has
/// already been given up.
/// </param>
/// <param name="NonFinite">
/// Offsets in <paramref name="Utf8"/> of top-level values that were `NaN` or an infinity and now read `null`; null when there were none.
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

    public static FieldError NotAnObject(ReadOnlyMemory<byte>? input) =>
        new("model_attributes_type", "body", Field: null, "Input should be a valid dictionary or object to extract fields from", input);

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
                        if (depth == 1)
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
