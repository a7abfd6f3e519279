using System.Reflection;
using System.Text.Json;
using MediatR;

namespace Eventix.Application.Workers;

/// <summary>One kind of task: its name, its defaults, and how its message is made and sent.</summary>
internal abstract class TaskDefinition
{
    private protected TaskDefinition(EventixTaskAttribute attribute, Type message)
    {
        Attribute = attribute;
        Message = message;
        Arguments = new TaskArguments(attribute.Name, message);
        UniqueKey = attribute.UniqueKey is { } template ? UniqueKeyTemplate.Read(template, message, []) : null;
    }

    public EventixTaskAttribute Attribute { get; }

    public Type Message { get; }

    public TaskArguments Arguments { get; }

    /// <summary>Null for tasks that are posted without a key, unless the one who posts says one.</summary>
    public UniqueKeyTemplate? UniqueKey { get; }

    /// <summary>How long one run may take; null for as long as it needs.</summary>
    public TimeSpan? Timeout => Attribute.Timeout > 0 ? TimeSpan.FromSeconds(Attribute.Timeout) : null;

    /// <summary>How many of this task may run at the same time on this host; null for as many as the host runs.</summary>
    public int? Concurrency => Attribute.Concurrency > 0 ? Attribute.Concurrency : null;

    /// <summary>Reads the definition off a message type in which <see cref="TaskMistakes"/> finds nothing wrong.</summary>
    public static TaskDefinition Of(Type message)
    {
        var result = TaskMistakes.Contracts(message).Single().GenericTypeArguments[0];
        var definition = typeof(TaskDefinition<,>).MakeGenericType(message, result);

        return (TaskDefinition)Activator.CreateInstance(definition, message.GetCustomAttribute<EventixTaskAttribute>()!)!;
    }

    /// <summary>Sends the message through the pipeline. Returns its answer as JSON; null for none.</summary>
    public abstract Task<ReadOnlyMemory<byte>?> RunAsync(IMediator mediator, object message, CancellationToken cancellationToken);
}

// MediatR 5.1.0 has no Send(object): one closed type per message knows its types at compile time.
internal sealed class TaskDefinition<TMessage, TResult>(EventixTaskAttribute attribute) : TaskDefinition(attribute, typeof(TMessage))
    where TMessage : IEventixTask<TResult>
{
    public override async Task<ReadOnlyMemory<byte>?> RunAsync(IMediator mediator, object message, CancellationToken cancellationToken)
    {
        var result = await mediator.Send((TMessage)message, cancellationToken);

        return result is null or Unit ? default(ReadOnlyMemory<byte>?) : JsonSerializer.SerializeToUtf8Bytes(result, TaskJson.Options);
    }
}
