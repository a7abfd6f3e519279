using System.Reflection;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Application.Workers;

/// <summary>What keeps a message type from being a task that this host can post and run.</summary>
internal static class TaskMistakes
{
    /// <summary>Every mistake of one type, each a line that names the type and its source file; none when it is a task.</summary>
    public static IEnumerable<string> Of(Type message, IServiceCollection services)
    {
        var attribute = message.GetCustomAttribute<EventixTaskAttribute>();
        var contracts = Contracts(message);

        IEnumerable<string> mistakes =
        [
            .. attribute is null ? ["it is an IEventixTask, and needs the attribute [EventixTask(\"name\")]"] : OfOptions(attribute),
            .. message is { IsAbstract: false, ContainsGenericParameters: false } ? OfBinding(message, attribute) : OfKind(message),
            .. contracts.Count == 1
                ? OfHandlers(message, contracts[0].GenericTypeArguments[0], services)
                : [$"it has to implement IEventixTask<TResult> once; it does so {contracts.Count} times"],
        ];

        return mistakes.Select(mistake => $"{Where(message)}: {mistake}.");
    }

    /// <summary>A type and its source file, for people.</summary>
    public static string Where(Type message)
    {
        var attribute = message.GetCustomAttribute<EventixTaskAttribute>();
        var file = attribute is { File.Length: > 0 } ? $" in {attribute.File}" : "";

        return attribute is null ? $"{message}" : $"{message}{file} (task '{attribute.Name}')";
    }

    public static IReadOnlyList<Type> Contracts(Type message) =>
        [
            .. message
                .GetInterfaces()
                .Where(contract => contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(IEventixTask<>)),
        ];

    /// <summary>The implementations that are registered as the handler of a message: one, if all is well.</summary>
    public static IReadOnlyList<Type> Handlers(Type message, Type result, IServiceCollection services)
    {
        var contract = typeof(IRequestHandler<,>).MakeGenericType(message, result);

        return
        [
            .. services
                .Where(service => service.ServiceType == contract && !service.IsKeyedService)
                .Select(service => service.ImplementationType ?? service.ImplementationInstance?.GetType() ?? contract),
        ];
    }

    private static IEnumerable<string> OfKind(Type message) =>
        [$"it is {(message.IsAbstract ? "abstract" : "generic")}, so no message can be made of it"];

    private static IEnumerable<string> OfBinding(Type message, EventixTaskAttribute? attribute)
    {
        var mistakes = TaskArguments.Mistakes(message).ToList();
        if (attribute?.UniqueKey is { } template)
            _ = UniqueKeyTemplate.Read(template, message, mistakes);

        return mistakes;
    }

    private static IEnumerable<string> OfHandlers(Type message, Type result, IServiceCollection services) =>
        Handlers(message, result, services) switch
        {
            [_] => [],
            [] => [$"it has no handler: IRequestHandler<{message.Name}, {result.Name}> in an assembly that was given to AddTasks"],
            var several => [$"it has {several.Count} handlers: {string.Join(", ", several)}"],
        };

    private static IEnumerable<string> OfOptions(EventixTaskAttribute attribute)
    {
        const int Unlimited = EventixTaskAttribute.Unlimited;

        if (string.IsNullOrEmpty(attribute.Name) || attribute.Name.Contains('\0', StringComparison.Ordinal))
            yield return "its name is empty, or has a NUL in it";

        foreach (
            var (option, value, min, max) in new[]
            {
                (nameof(attribute.MaxRetries), attribute.MaxRetries, Unlimited, int.MaxValue),
                (nameof(attribute.ErrorEtaInc), attribute.ErrorEtaInc, 0, int.MaxValue),
                (nameof(attribute.ErrorEtaMax), attribute.ErrorEtaMax, 0, int.MaxValue),
                (nameof(attribute.ErrorExpires), attribute.ErrorExpires, Unlimited, int.MaxValue),
                (nameof(attribute.ResultExpires), attribute.ResultExpires, Unlimited, int.MaxValue),
                (nameof(attribute.Timeout), attribute.Timeout, 0, EventixTaskAttribute.MaxTimeout),
                (nameof(attribute.Concurrency), attribute.Concurrency, 0, int.MaxValue),
            }
        )
        {
            if (value < min || value > max)
                yield return $"its {option} is {value}; allowed is {min}{(min == Unlimited ? " (no limit)" : "")} to {max}";
        }
    }
}
