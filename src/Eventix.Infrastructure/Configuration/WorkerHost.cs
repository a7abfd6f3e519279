using Eventix.Application;
using Eventix.Application.Configuration;
using Eventix.Application.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Eventix.Infrastructure.Configuration;

/// <summary>The host behind the worker, behind each of its verbs, and behind a worker that a team builds with tasks of its own.</summary>
public static class WorkerHost
{
    /// <summary>Runs tasks until the process is asked to stop. Returns its exit code; what an operator has to mend is told on standard error.</summary>
    /// <param name="add">
    /// What this worker has beside the tasks of Eventix: `services => services.AddTasks(typeof(Program).Assembly)`, and what their handlers need.
    /// </param>
    public static Task<int> RunAsync(Action<IServiceCollection>? add = null) =>
        HostStart.RunAsync(async () =>
        {
            var builder = CreateBuilder(isVerb: false);
            builder.Services.AddOptionsFromVariables<ServerChoice>();
            builder.Services.AddTaskWorker().AddWorkerShutdown(builder.Configuration);
            add?.Invoke(builder.Services);

            using var host = builder.Build();
            await host.Services.PrepareAsync();
            await host.RunUntilStoppedAsync(() => host.RunAsync());
        });

    /// <summary>Brings the schema up to date and then runs a verb. Its answer goes to standard output, and only that.</summary>
    /// <param name="migrate">False for the verb that replaces a schema which may not be fit for it.</param>
    public static Task<int> RunVerbAsync(
        Func<IServiceProvider, CancellationToken, Task> verb,
        CancellationToken cancellationToken,
        bool migrate = true
    ) =>
        HostStart.RunAsync(async () =>
        {
            using var host = CreateBuilder(isVerb: true).Build();
            if (migrate)
                await host.Services.PrepareAsync(migrate: true, cancellationToken);
            else
                host.Services.CheckVariables();

            await using var scope = host.Services.CreateAsyncScope();
            await verb(scope.ServiceProvider, cancellationToken);
        });

    private static HostApplicationBuilder CreateBuilder(bool isVerb)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });

        builder.Configuration.AddEnvFile();
        builder.Services.AddHostLog(toStandardError: isVerb).AddApplication().AddInfrastructure(builder.Configuration);
        builder.ConfigureContainer(new HostContainer());

        return builder;
    }
}
