using System.Text.Json;
using Eventix.Benchmarks.Drains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Eventix.Benchmarks.Latency;

/// <summary>A worker host that waits for stamped tasks until it is sent a line, and then answers what it has seen.</summary>
internal static class LatencyContestant
{
    public static async Task RunAsync()
    {
        using var host = EventixHost.Build();
        await host.StartAsync();

        Console.WriteLine(DrainProtocol.Ready);
        await Console.In.ReadLineAsync();

        Console.WriteLine(JsonSerializer.Serialize(new { milliseconds = host.Services.GetRequiredService<Delays>().Milliseconds }));
        await host.StopAsync();
    }
}
