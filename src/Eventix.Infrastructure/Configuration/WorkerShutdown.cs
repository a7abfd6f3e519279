using Eventix.Application.Configuration;
using Eventix.Application.Workers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Eventix.Infrastructure.Configuration;

public static class WorkerShutdown
{
    private static readonly TimeSpan ForWriteBack = TimeSpan.FromSeconds(15);

    /// <summary>Lets a host that runs tasks take longer to stop than its tasks may, so that what they did is still written back.</summary>
    public static IServiceCollection AddWorkerShutdown(this IServiceCollection services, IConfiguration configuration)
    {
        var grace = OptionsFromVariables.ReadUnchecked<TaskWorkerOptions>(configuration).Grace;

        return services.Configure<HostOptions>(host => host.ShutdownTimeout = grace + ForWriteBack);
    }
}
