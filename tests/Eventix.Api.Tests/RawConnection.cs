using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Eventix.Api.Tests;

/// <summary>One TCP connection that sends exactly the bytes it is given, and reads one answer at a time.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _client = new();

    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        var connection = new RawConnection();
        await connection._client.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        return connection;
    }

    /// <summary>Sends a request; a body gets its length, and nothing else is added.</summary>
    public async Task<RawAnswer> SendAsync(string requestLine, string headers = "", byte[]? body = null)
    {
        var length = body is null ? "" : $"Content-Length: {body.Length}\r\n";
        await WriteAsync([.. Encoding.Latin1.GetBytes($"{requestLine} HTTP/1.1\r\nHost: test\r\n{headers}{length}\r\n"), .. body ?? []]);
        return await ReadAsync(withBody: !requestLine.StartsWith("HEAD ", StringComparison.Ordinal));
    }

    public async Task WriteAsync(byte[] bytes) => await _client.GetStream().WriteAsync(bytes, TestContext.Current.CancellationToken);

    public async Task<RawAnswer> ReadAsync(bool withBody = true)
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            head.Append((char)(await ReadBytesAsync(1))[0]);

        var lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines
            .Skip(1)
            .Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        return new RawAnswer(
            int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture),
            headers,
            withBody ? Encoding.UTF8.GetString(await ReadBodyAsync(headers)) : ""
        );
    }

    private async Task<byte[]> ReadBodyAsync(Dictionary<string, string> headers)
    {
        if (!headers.ContainsKey("Transfer-Encoding"))
            return await ReadBytesAsync(
                headers.TryGetValue("Content-Length", out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0
            );

        var body = new List<byte>();
        while (true)
        {
            var size = new StringBuilder();
            while (!size.ToString().EndsWith("\r\n", StringComparison.Ordinal))
                size.Append((char)(await ReadBytesAsync(1))[0]);

            var chunk = await ReadBytesAsync(int.Parse(size.ToString().TrimEnd(), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            body.AddRange(chunk);
            await ReadBytesAsync(2);
            if (chunk.Length == 0)
                return [.. body];
        }
    }

    /// <summary>Hangs up without a goodbye.</summary>
    public void Abort()
    {
        _client.LingerState = new LingerOption(enable: true, 0);
        _client.Close();
    }

    public void Dispose() => _client.Dispose();

    private async Task<byte[]> ReadBytesAsync(int count)
    {
        var bytes = new byte[count];
        await _client.GetStream().ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
        return bytes;
    }
}

internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body);
