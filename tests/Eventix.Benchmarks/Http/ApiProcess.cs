using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Eventix.Benchmarks.Servers;
using Eventix.Testing;

namespace Eventix.Benchmarks.Http;

/// <summary>The API host as operators run it, on the database of a run.</summary>
internal sealed partial class ApiProcess : IAsyncDisposable
{
    private readonly HostProcess _process;

    private ApiProcess(HostProcess process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public static async Task<ApiProcess> StartAsync(BenchDatabase database)
    {
        var process = HostProcess.Start("Eventix.Api", [], [("DATABASE_URL", database.ConnectionString), ("EVENTIX_API_PORT", "0")]);
        var line = await process.WaitForLineAsync("Now listening on", TimeSpan.FromMinutes(2));

        return new ApiProcess(process, int.Parse(ListeningPort().Match(line).ValueSpan));
    }

    /// <summary>Starts it, and returns with the first answer.</summary>
    public static async Task<ApiProcess> StartOnAsync(BenchDatabase database)
    {
        var port = FreePort();
        var process = HostProcess.Start("Eventix.Api", [], [("DATABASE_URL", database.ConnectionString), ("EVENTIX_API_PORT", $"{port}")]);
        var patience = Stopwatch.StartNew();
        while (!await AnswersAsync(port))
        {
            if (patience.Elapsed > TimeSpan.FromMinutes(1))
                throw new TimeoutException($"The API does not answer: {process.Output}\n{process.Error}");
            await Task.Delay(2);
        }

        return new ApiProcess(process, port);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        try
        {
            using var connection = await HttpConnection.OpenAsync(port);
            var answer = await connection.SendAsync("GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n"u8.ToArray());

            return answer.Status == (int)HttpStatusCode.OK;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Of the whole process; Linux only.</summary>
    public double ResidentMegabytes() =>
        File.ReadLines($"/proc/{_process.Id}/status")
            .Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Select(line => long.Parse(Digits().Match(line).ValueSpan) / 1024.0)
            .Single();

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    [GeneratedRegex(@"(?<=://[0-9.]+:)\d+", RegexOptions.None, 1000)]
    private static partial Regex ListeningPort();

    [GeneratedRegex(@"\d+", RegexOptions.None, 1000)]
    private static partial Regex Digits();
}
