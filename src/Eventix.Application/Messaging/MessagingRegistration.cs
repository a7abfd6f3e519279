using System.Reflection;
using FluentValidation;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Application.Messaging;

/// <summary>MediatR's plumbing: with <see cref="ValidationBehavior{TRequest,TResponse}"/> the only code that knows it.</summary>
public static class MessagingRegistration
{
    public static IServiceCollection AddMessaging(this IServiceCollection services)
    {
        services.AddScoped<IMediator, Mediator>();
        services.AddScoped<ServiceFactory>(provider => provider.GetService!);
        services.AddTransient(typeof(IPipelineBehavior<,>), typeof(ValidationBehavior<,>));
        return services;
    }

    /// <summary>What went wrong, for people: of a handler that could not be made MediatR tells only that, and keeps the reason inside.</summary>
    internal static Exception Reason(Exception failure) =>
        failure is InvalidOperationException { Source: nameof(MediatR), InnerException: { } cause } ? cause : failure;

    /// <summary>Registers every handler and validator of <paramref name="assembly"/>. They may be internal.</summary>
    public static IServiceCollection AddHandlersFrom(this IServiceCollection services, Assembly assembly) =>
        services.Scan(scan =>
            scan.FromAssemblies(assembly)
                .AddClasses(type => type.AssignableToAny(typeof(IRequestHandler<,>), typeof(IValidator<>)), publicOnly: false)
                .AsImplementedInterfaces(contract => contract.IsGenericType)
                .WithTransientLifetime()
        );
}
