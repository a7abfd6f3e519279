using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Eventix.Benchmarks.Drains;

/// <summary>Our worker in a drain.</summary>
internal static class OursContestant
{
    public static async Task RunAsync(long tasks)
    {
        using var host = EventixHost.Build(expected: tasks);

        await DrainProtocol.RunAsync(
            Environment.GetEnvironmentVariable("DATABASE_URL")!,
            host.Services.GetRequiredService<Handled>(),
            async () =>
            {
                await host.StartAsync();
                return () => host.StopAsync();
            },
            "SELECT EXISTS (SELECT FROM eventix_task WHERE status = 'processing')"
        );
    }
}
