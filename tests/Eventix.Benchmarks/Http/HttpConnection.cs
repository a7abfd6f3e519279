using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace Eventix.Benchmarks.Http;

/// <summary>
/// One kept connection that sends bytes that were made before, and reads answers with a length. Nothing else: HttpClient would take more of the
/// machine than what is measured.
/// </summary>
internal sealed class HttpConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[16 * 1024];

    public static async Task<HttpConnection> OpenAsync(int port)
    {
        var connection = new HttpConnection();
        await connection._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));

        return connection;
    }

    /// <summary>Sends a request and reads its answer, which is good until the next one.</summary>
    /// <exception cref="IOException">The server hung up.</exception>
    public async ValueTask<HttpAnswer> SendAsync(ReadOnlyMemory<byte> request)
    {
        while (request.Length > 0)
            request = request[await _socket.SendAsync(request, SocketFlags.None)..];

        var length = 0;
        while (true)
        {
            length += await ReceiveAsync(length);
            var head = _buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (head < 0)
                continue;

            var (status, content) = ReadHead(_buffer.AsSpan(0, head + 2));
            var end = head + 4 + content;
            while (length < end)
                length += await ReceiveAsync(length);

            return new HttpAnswer(status, _buffer.AsMemory(head + 4, content));
        }
    }

    public void Dispose() => _socket.Dispose();

    private async ValueTask<int> ReceiveAsync(int length)
    {
        if (length == _buffer.Length)
            Array.Resize(ref _buffer, 2 * _buffer.Length);

        var received = await _socket.ReceiveAsync(_buffer.AsMemory(length), SocketFlags.None);

        return received > 0 ? received : throw new IOException("The server hung up in the middle of an answer.");
    }

    private static (int Status, int ContentLength) ReadHead(ReadOnlySpan<byte> head)
    {
        var status = Utf8Parser.TryParse(head["HTTP/1.1 ".Length..], out int parsed, out _) ? parsed : 0;
        var at = head.IndexOf("Content-Length: "u8);
        if (at >= 0 && Utf8Parser.TryParse(head[(at + "Content-Length: ".Length)..], out int length, out _))
            return (status, length);

        return status == (int)HttpStatusCode.NoContent
            ? (status, 0)
            : throw new InvalidDataException($"An answer without a length: {System.Text.Encoding.Latin1.GetString(head)}");
    }
}

internal readonly record struct HttpAnswer(int Status, ReadOnlyMemory<byte> Body)
{
    /// <exception cref="InvalidDataException">It is another status; the message has the body.</exception>
    public void Expect(HttpStatusCode status)
    {
        if (Status != (int)status)
            throw new InvalidDataException($"{Status} instead of {(int)status}: {System.Text.Encoding.UTF8.GetString(Body.Span)}");
    }
}
