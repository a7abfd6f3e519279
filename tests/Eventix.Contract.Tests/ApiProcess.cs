using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Eventix.Contract.Tests;

/// <summary>The API host as a process of its own, on a free port. Ends with this object.</summary>
internal sealed partial class ApiProcess : IAsyncDisposable
{
    private readonly Process _process;
    private Task _drained = Task.CompletedTask;

    private ApiProcess(Process process) => _process = process;

    public HttpClient Client { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    /// <param name="databaseUrl">For DATABASE_URL.</param>
    /// <exception cref="InvalidOperationException">It ended instead of listening; the message has what it said.</exception>
    public static async Task<ApiProcess> StartAsync(string databaseUrl)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Eventix.Api.dll")])
        {
            UseShellExecute = false,
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardOutput = true,
            Environment = { ["DATABASE_URL"] = databaseUrl, ["EVENTIX_API_PORT"] = "0" },
        };
        var process = Process.Start(start)!;
        var api = new ApiProcess(process);
        var said = new List<string>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            said.Add(line);
            var address = Address().Match(line);
            if (!address.Success)
                continue;

            api.Client.BaseAddress = new Uri(address.Value);

            // A pipe that nobody reads would fill and stop the host.
            api._drained = process.StandardOutput.ReadToEndAsync();
            return api;
        }

        await api.DisposeAsync();
        throw new InvalidOperationException($"The API did not start. It said:\n{string.Join('\n', said)}");
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        await _drained;
        _process.Dispose();
    }

    // Of the line that says where it listens.
    [GeneratedRegex(@"http://127\.0\.0\.1:\d+", RegexOptions.None, 1000)]
    private static partial Regex Address();
}
