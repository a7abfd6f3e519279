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
    /// posts them, and <see cref="AddTaskWorker"/> runs them. Those of Eventix itself are always known. A host with a mistake in any of them
    /// does not start, and says all that is wrong.
    /// </summary>
    public static IServiceCollection AddTasks(this IServiceCollection services, Assembly assembly)
    {
        var tasks = new TaskRegistry.TaskAssembly(assembly);

        // Once: its handlers and validators would be there twice.
        return services.Any(service => tasks.Equals(service.ImplementationInstance))
            ? services
            : services.AddHandlersFrom(assembly).AddSingleton(tasks);
    }

    /// <summary>Everything that is wrong with the tasks of a host, a line for each, with their types and source files; empty when nothing is.</summary>
    /// <param name="services">Complete: every assembly given to <see cref="AddTasks"/>, and every handler.</param>
    /// <param name="unresolvable">What the container cannot make, in its own words: told with the task whose handler it is.</param>
    public static IReadOnlyList<string> FindTaskMistakes(this IServiceCollection services, IEnumerable<Exception> unresolvable)
    {
        var handlers = (
            from message in TaskRegistry.Messages(services)
            from contract in TaskMistakes.Contracts(message)
            from handler in TaskMistakes.Handlers(message, contract.GenericTypeArguments[0], services)
            select (Message: message, Handler: handler)
        ).ToList();

        return
        [
            .. TaskRegistry.Mistakes(services),
            .. from problem in unresolvable.GroupBy(exception => (exception.InnerException ?? exception).Message, StringComparer.Ordinal)
            from task in handlers
                .Where(each => problem.Any(exception => exception.Message.Contains($"{each.Handler}'", StringComparison.Ordinal)))
                .Select(each => $"{TaskMistakes.Where(each.Message)}: ")
                .DefaultIfEmpty("")
            select task + problem.Key,
        ];
    }

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
        services.TryAddSingleton(_ => new TaskRegistry(services));
        services.AddSingleton<TaskArrivals>();
        services.AddSingleton<TaskCancels>();
        services.AddScoped<IEventixScheduler, EventixScheduler>();
        services.AddScoped<CurrentTask>();
        services.AddScoped(provider => provider.GetRequiredService<CurrentTask>().Required);
        services.AddOptionsFromVariables<TaskWorkerOptions>();
        services.AddOptionsFromVariables<MaintenanceOptions>();

        return services;
    }
}
