using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Eventix.Api.Http;

/// <summary>
/// Writes JSON answers as clients know them: compact, UTF-8 unescaped, the content type exactly `application/json`, and a length instead of
/// chunks.
/// </summary>
internal static class JsonAnswer
{
    public const string ContentType = "application/json";

    // A large result must not stay in memory for ever on every thread that once wrote one.
    private const int MaxKeptBytes = 64 * 1024;

    internal static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    // Writing never awaits, so the thread's buffer is free again before another request can run on the thread.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? s_buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? s_writer;

    /// <returns>Completed when the client is gone: Kestrel takes what is written to it without a word.</returns>
    public static Task<FlushResult> WriteAsync<T>(HttpResponse response, int status, T value, Action<Utf8JsonWriter, T> write)
    {
        var buffer = s_buffer ??= new ArrayBufferWriter<byte>(1024);
        var writer = s_writer ??= new Utf8JsonWriter(buffer, Options);
        try
        {
            write(writer, value);
            writer.Flush();

            return WriteAsync(response, status, buffer.WrittenSpan);
        }
        finally
        {
            if (buffer.Capacity > MaxKeptBytes)
                (s_buffer, s_writer) = (null, null);
            else
                buffer.ResetWrittenCount();

            writer.Reset();
        }
    }

    /// <returns>Completed when the client is gone: Kestrel takes what is written to it without a word.</returns>
    public static Task<FlushResult> WriteAsync(HttpResponse response, int status, ReadOnlySpan<byte> json)
    {
        response.StatusCode = status;
        response.ContentType = ContentType;
        response.ContentLength = json.Length;
        response.BodyWriter.Write(json);

        return response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted).AsTask();
    }
}
