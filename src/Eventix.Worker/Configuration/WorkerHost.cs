using Eventix.Application;
using Eventix.Application.Configuration;
using Eventix.Application.Workers;
using Eventix.Infrastructure;
using Eventix.Infrastructure.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Eventix.Worker.Configuration;

/// <summary>The host behind the worker and behind each of its verbs.</summary>
internal static class WorkerHost
{
    /// <summary>Runs tasks until the process is asked to stop.</summary>
    public static Task<int> RunWorkerAsync() =>
        HostStart.RunAsync(async () =>
        {
            var builder = CreateBuilder(isVerb: false);
            builder.Services.AddOptionsFromVariables<ServerChoice>();
            builder.Services.AddTaskWorker().AddWorkerShutdown(builder.Configuration);

            using var host = builder.Build();
            await host.Services.PrepareAsync();
            await host.RunAsync();
        });

    /// <summary>Brings the schema up to date and then runs a verb. Its answer goes to standard output, and only that.</summary>
    public static Task<int> RunVerbAsync(Func<IServiceProvider, CancellationToken, Task> verb, CancellationToken cancellationToken) =>
        HostStart.RunAsync(async () =>
        {
            using var host = CreateBuilder(isVerb: true).Build();
            await host.Services.PrepareAsync(migrate: true, cancellationToken);

            await using var scope = host.Services.CreateAsyncScope();
            await verb(scope.ServiceProvider, cancellationToken);
        });

    private static HostApplicationBuilder CreateBuilder(bool isVerb)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });

        builder.Configuration.AddEnvFile();
        builder.Services.AddHostLog(toStandardError: isVerb).AddApplication().AddInfrastructure(builder.Configuration);
        builder.ConfigureContainer(
            new DefaultServiceProviderFactory(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true })
        );

        return builder;
    }
}
