using Eventix.Application.Configuration;
using Eventix.Application.Messaging;
using Eventix.Application.Tasks;
using Eventix.Infrastructure.Operations;
using Eventix.Infrastructure.Persistence;
using Eventix.Infrastructure.Tasks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Infrastructure;

public static class DependencyInjection
{
    /// <summary>PostgreSQL behind the ports of the application. The host migrates when it starts, before anything else of it does.</summary>
    public static IServiceCollection AddInfrastructure(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(configuration);
        services.AddDatabase();
        services.AddTaskStore();

        return services.AddHandlersFrom(typeof(DependencyInjection).Assembly);
    }

    private static void AddDatabase(this IServiceCollection services)
    {
        services.AddOptionsFromVariables<DatabaseOptions>();
        services.AddSingleton(provider =>
            new NpgsqlDataSourceBuilder(provider.GetRequiredService<IOptions<DatabaseOptions>>().Value.ConnectionString)
                .UseLoggerFactory(provider.GetRequiredService<ILoggerFactory>())
                .Build()
        );
        services.AddDbContextPool<EventixDbContext>(
            (provider, context) => EventixDbContext.Configure(context, provider.GetRequiredService<NpgsqlDataSource>())
        );
        services.AddSingleton<DatabaseMigrator>();
    }

    private static void AddTaskStore(this IServiceCollection services)
    {
        services.AddSingleton<ClaimBookmarks>();
        services.AddSingleton<WaitingTasks>();
        services.AddSingleton<TaskPosts>();
        services.AddSingleton<TaskPut>();
        services.AddSingleton<TaskPuts>();
        services.AddSingleton<ITaskClaims, TaskClaims>();
        services.AddSingleton<ITaskWriteBacks, TaskWriteBacks>();
        services.AddSingleton<ITaskProgress, TaskProgress>();
        services.AddScoped<ITaskStore, TaskStore>();
        services.AddSingleton<TaskMaintenance>();
        services.AddSingleton<ITaskMaintenance>(provider => provider.GetRequiredService<TaskMaintenance>());
        services.AddSingleton<TaskRetention>();
        services.AddSingleton<RetentionTurns>();
        services.AddSingleton<LegacyCleanUps>();
        services.AddSingleton<TableGrowth>();
        services.AddSingleton<ListSlots>();
        services.AddSingleton<TaskStatistics>();
        services.AddOptionsFromVariables<VacuumWatchOptions>();
        services.AddSingleton<VacuumHolders>();
        services.AddHostedService<ArrivalListener>();
        services.AddSingleton<ArrivalNotifier>();
        services.AddHostedService(provider => provider.GetRequiredService<ArrivalNotifier>());
        services.AddHostedService<MaintenanceLoop>();
        services.AddHostedService<VacuumWatch>();
    }
}
