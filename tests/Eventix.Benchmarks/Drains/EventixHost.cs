using Eventix.Application;
using Eventix.Application.Workers;
using Eventix.Benchmarks.Latency;
using Eventix.Infrastructure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Eventix.Benchmarks.Drains;

/// <summary>Our worker host, with everything that runs in one, and the tasks of this assembly. It works once it is started.</summary>
internal static class EventixHost
{
    /// <param name="connectionString">Null for DATABASE_URL of the environment.</param>
    /// <param name="expected">How many calls of <see cref="Touch"/> end a drain.</param>
    public static IHost Build(string? connectionString = null, long expected = long.MaxValue)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        if (connectionString is not null)
            builder.Configuration.AddInMemoryCollection([new("DATABASE_URL", connectionString)]);

        // Standard output belongs to the protocol.
        builder
            .Logging.ClearProviders()
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
            .SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddApplication().AddInfrastructure(builder.Configuration).AddTasks(typeof(Touch).Assembly).AddTaskWorker();
        builder.Services.AddSingleton(new Handled(expected)).AddSingleton<Delays>();

        return builder.Build();
    }
}
