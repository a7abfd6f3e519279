using Eventix.Application.Configuration;
using Eventix.Application.Events;
using Eventix.Application.Messaging;
using Eventix.Application.Tasks;
using Eventix.Application.Workers;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Application;

public static class DependencyInjection
{
    /// <summary>The use cases. Ports are implemented by `AddInfrastructure`.</summary>
    public static IServiceCollection AddApplication(this IServiceCollection services)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddOptionsFromVariables<ClaimOptions>();
        services.AddSingleton<ClaimQueue>();
        services.AddHostedService(provider => provider.GetRequiredService<ClaimQueue>());

        services.AddOptionsFromVariables<EventOptions>();

        return services.AddMessaging().AddTaskRegistry();
    }
}
