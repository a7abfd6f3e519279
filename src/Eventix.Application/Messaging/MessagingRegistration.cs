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

    /// <summary>
    /// Registers every handler and validator of <paramref name="assembly"/>. They may be internal. A validator that needs nothing is made once:
    /// to build its rules takes longer than all the rest of a request.
    /// </summary>
    public static IServiceCollection AddHandlersFrom(this IServiceCollection services, Assembly assembly) =>
        services.Scan(scan =>
            scan.FromAssemblies(assembly)
                .AddClasses(type => type.AssignableTo(typeof(IValidator<>)).Where(NeedsNothing), publicOnly: false)
                .AsImplementedInterfaces(contract => contract.IsGenericType)
                .WithSingletonLifetime()
                .AddClasses(type => type.AssignableTo(typeof(IValidator<>)).Where(type => !NeedsNothing(type)), publicOnly: false)
                .AsImplementedInterfaces(contract => contract.IsGenericType)
                .WithTransientLifetime()
                .AddClasses(type => type.AssignableTo(typeof(IRequestHandler<,>)), publicOnly: false)
                .AsImplementedInterfaces(contract => contract.IsGenericType)
                .WithTransientLifetime()
        );

    private static bool NeedsNothing(Type type) => type.GetConstructors().All(constructor => constructor.GetParameters().Length == 0);
}
