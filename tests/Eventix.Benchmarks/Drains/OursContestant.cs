using Eventix.Application;
using Eventix.Application.Workers;
using Eventix.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Eventix.Benchmarks.Drains;

/// <summary>Our worker host, with everything that runs in one, and the tasks of this assembly.</summary>
internal static class OursContestant
{
    public static async Task RunAsync(long tasks)
    {
        var handled = new Handled(tasks);
        using var host = Build(services => services.AddSingleton(handled));

        await DrainProtocol.RunAsync(
            Environment.GetEnvironmentVariable("DATABASE_URL")!,
            handled,
            () => host.StartAsync(),
            "SELECT EXISTS (SELECT FROM eventix_task WHERE status = 'processing')"
        );
        await host.StopAsync();
    }

    /// <param name="add">What the handlers of this assembly need.</param>
    public static IHost Build(Action<IServiceCollection> add)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });

        // Standard output belongs to the protocol.
        builder
            .Logging.ClearProviders()
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
            .SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddApplication().AddInfrastructure(builder.Configuration).AddTasks(typeof(Touch).Assembly).AddTaskWorker();
        add(builder.Services);

        return builder.Build();
    }
}
