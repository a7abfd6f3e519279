using System.Reflection;

namespace Eventix.Application.Workers;

/// <summary>The tasks that this host can run, found once at start.</summary>
internal sealed class TaskRegistry
{
    private readonly Dictionary<string, TaskDefinition> _byName = [];
    private readonly Dictionary<Type, TaskDefinition> _byMessage = [];

    /// <exception cref="InvalidOperationException">Two messages have one name, or one cannot be bound; the message names the types.</exception>
    public TaskRegistry(IEnumerable<Assembly> assemblies)
    {
        foreach (var message in assemblies.Distinct().SelectMany(assembly => assembly.GetTypes()).Where(IsTask))
        {
            var definition = TaskDefinition.Of(message);
            if (!_byName.TryAdd(definition.Attribute.Name, definition))
            {
                throw new InvalidOperationException(
                    $"The task name '{definition.Attribute.Name}' is taken twice, by {_byName[definition.Attribute.Name].Message} and by {message}."
                );
            }

            _byMessage.Add(message, definition);
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

    private static bool IsTask(Type type) =>
        type is { IsAbstract: false, IsInterface: false, ContainsGenericParameters: false }
        && type.GetInterfaces().Any(contract => contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(IEventixTask<>));
}
