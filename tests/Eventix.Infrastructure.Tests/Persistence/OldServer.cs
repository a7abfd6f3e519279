using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Eventix.Infrastructure.Tests.Persistence;

/// <summary>As much of a PostgreSQL server as it takes to say its version: it lets everybody in, and answers nothing.</summary>
internal sealed class OldServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _version;
    private readonly Task _accepting;

    public OldServer(string version)
    {
        _version = version;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string ConnectionString =>
        $"Host=127.0.0.1;Port={((IPEndPoint)_listener.LocalEndpoint).Port};Username=u;Database=d;SSL Mode=Disable;GSS Encryption Mode=Disable;"
        + "Server Compatibility Mode=NoTypeLoading";

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync();
                var stream = client.GetStream();

                var length = new byte[4];
                await stream.ReadExactlyAsync(length);
                await stream.ReadExactlyAsync(new byte[BinaryPrimitives.ReadInt32BigEndian(length) - 4]);

                byte[] greeting =
                [
                    .. Message('R', new byte[4]),
                    .. Message('S', Encoding.ASCII.GetBytes($"server_version\0{_version}\0")),
                    .. Message('S', "client_encoding\0UTF8\0"u8.ToArray()),
                    .. Message('K', new byte[8]),
                    .. Message('Z', "I"u8.ToArray()),
                ];
                await stream.WriteAsync(greeting);
                await stream.CopyToAsync(Stream.Null);
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private static byte[] Message(char type, byte[] body)
    {
        var message = new byte[body.Length + 5];
        message[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), body.Length + 4);
        body.CopyTo(message, 5);
        return message;
    }
}
