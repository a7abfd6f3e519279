using System.Buffers;
using System.Text.Json;

namespace Eventix.Api.Http;

/// <summary>
/// A JSON answer of any size, sent while it is written. What stays small is sent at the end with its length, like any other answer; until the
/// first part is sent an error can still become an answer of its own. After that an error has to cut the connection: the part that was sent
/// must not look whole.
/// </summary>
internal sealed class JsonStream : IDisposable
{
    private const int PartBytes = 32 * 1024;

    private readonly HttpResponse _response;
    private readonly ArrayBufferWriter<byte> _part = new(2 * PartBytes);
    private readonly Utf8JsonWriter _writer;

    public JsonStream(HttpResponse response)
    {
        _response = response;
        _writer = new Utf8JsonWriter(_part, JsonAnswer.Options);
    }

    /// <summary>What stands around values: braces, commas, names.</summary>
    public void Write(ReadOnlySpan<byte> json) => _part.Write(json);

    /// <summary>One whole value.</summary>
    public void Write<T>(T value, Action<Utf8JsonWriter, T> write)
    {
        write(_writer, value);
        _writer.Flush();
        _writer.Reset();
    }

    /// <summary>Sends what has come together, if it is worth sending, and waits until the client has room for it.</summary>
    public ValueTask FlushIfFullAsync(CancellationToken cancellationToken) =>
        _part.WrittenCount < PartBytes ? ValueTask.CompletedTask : SendAsync(cancellationToken);

    /// <summary>Sends the rest.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        if (_response.HasStarted)
            await SendAsync(cancellationToken);
        else
            await JsonAnswer.WriteAsync(_response, StatusCodes.Status200OK, _part.WrittenSpan);
    }

    public void Dispose() => _writer.Dispose();

    private async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        if (!_response.HasStarted)
        {
            _response.StatusCode = StatusCodes.Status200OK;
            _response.ContentType = JsonAnswer.ContentType;
        }

        _response.BodyWriter.Write(_part.WrittenSpan);
        _part.ResetWrittenCount();

        // Kestrel takes writes to a connection that is gone as done; it only says that nobody reads them.
        if ((await _response.BodyWriter.FlushAsync(cancellationToken)).IsCompleted)
            throw new OperationCanceledException("The client has hung up.");
    }
}
