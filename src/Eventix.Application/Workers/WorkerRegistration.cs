using System.Reflection;
using Eventix.Application.Configuration;
using Eventix.Application.Messaging;
using Eventix.Application.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Eventix.Application.Workers;

public static class WorkerRegistration
{
    /// <summary>
    /// Makes the tasks of <paramref name="assembly"/>, with their handlers and validators, known to this host: <see cref="IEventixScheduler"/>
    /// posts them, and <see cref="AddTaskWorker"/> runs them. Those of Eventix itself are always known.
    /// </summary>
    public static IServiceCollection AddTasks(this IServiceCollection services, Assembly assembly) =>
        services.AddHandlersFrom(assembly).AddSingleton(new TaskAssembly(assembly));

    /// <summary>Runs tasks in this host: claims those that it has handlers for, from the namespaces of <see cref="TaskWorkerOptions"/>.</summary>
    public static IServiceCollection AddTaskWorker(this IServiceCollection services)
    {
        services.AddSingleton<TaskRunner>();
        services.AddSingleton<OutcomeWriter>();
        services.AddSingleton<WorkerIncarnation>();
        services.AddSingleton<TasksInHand>();
        services.AddSingleton<RunningTasks>();
        services.AddSingleton<TaskNameLimits>();
        services.AddSingleton<ClaimLoop>();
        services.AddSingleton<LeaseKeeper>();
        services.AddHostedService<TaskWorker>();

        return services;
    }

    internal static IServiceCollection AddTaskRegistry(this IServiceCollection services)
    {
        services.AddTasks(typeof(WorkerRegistration).Assembly);
        services.TryAddSingleton(provider => new TaskRegistry(provider.GetServices<TaskAssembly>().Select(tasks => tasks.Assembly)));
        services.AddSingleton<TaskArrivals>();
        services.AddSingleton<TaskCancels>();
        services.AddScoped<IEventixScheduler, EventixScheduler>();
        services.AddOptionsFromVariables<TaskWorkerOptions>();
        services.AddOptionsFromVariables<MaintenanceOptions>();

        return services;
    }

    internal sealed record TaskAssembly(Assembly Assembly);
}
