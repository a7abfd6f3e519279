using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Eventix.Application.Workers;

/// <summary>The tasks that this host can run, found once at start.</summary>
internal sealed class TaskRegistry
{
    private readonly Dictionary<string, TaskDefinition> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, TaskDefinition> _byMessage = [];

    /// <param name="services">The assemblies that were given to `AddTasks`, and the handlers.</param>
    /// <exception cref="OptionsValidationException">Not every task can be run; it tells all that is wrong, type by type.</exception>
    public TaskRegistry(IServiceCollection services)
    {
        if (Mistakes(services) is { Count: > 0 } mistakes)
            throw new OptionsValidationException("tasks", typeof(TaskRegistry), mistakes);

        foreach (var definition in Messages(services).Select(TaskDefinition.Of))
        {
            _byName.Add(definition.Attribute.Name, definition);
            _byMessage.Add(definition.Message, definition);
        }

        Names = [.. _byName.Keys.Order(StringComparer.Ordinal)];
    }

    public IReadOnlyList<string> Names { get; }

    /// <summary>The task of one of <see cref="Names"/>.</summary>
    public TaskDefinition this[string name] => _byName[name];

    /// <exception cref="InvalidOperationException">The type is no task of this host.</exception>
    public TaskDefinition Of(Type message) =>
        _byMessage.GetValueOrDefault(message)
        ?? throw new InvalidOperationException($"{message} is no task of this host: its assembly was not given to AddTasks.");

    /// <summary>Everything that is wrong with the tasks, a line for each; empty when they can all be run.</summary>
    public static IReadOnlyList<string> Mistakes(IServiceCollection services)
    {
        var messages = Messages(services).ToList();
        var twice = messages
            .Where(message => message.IsDefined(typeof(EventixTaskAttribute), inherit: false))
            .GroupBy(message => message.GetCustomAttribute<EventixTaskAttribute>()!.Name, StringComparer.Ordinal)
            .Where(messagesOfName => messagesOfName.Count() > 1)
            .Select(messagesOfName =>
                $"The task name '{messagesOfName.Key}' is taken more than once: {string.Join(", ", messagesOfName.Select(TaskMistakes.Where))}."
            );

        return [.. messages.SelectMany(message => TaskMistakes.Of(message, services)), .. twice];
    }

    /// <summary>Every type that is a task, or is meant to be one.</summary>
    public static IEnumerable<Type> Messages(IServiceCollection services) =>
        services
            .Select(service => service.ImplementationInstance)
            .OfType<TaskAssembly>()
            .SelectMany(tasks => tasks.Assembly.GetTypes())
            .Where(type =>
                type.IsDefined(typeof(EventixTaskAttribute), inherit: false)
                || (type is { IsAbstract: false, ContainsGenericParameters: false } && TaskMistakes.Contracts(type).Count > 0)
            );

    /// <summary>Registered once for each assembly that has tasks.</summary>
    internal sealed record TaskAssembly(Assembly Assembly);
}
