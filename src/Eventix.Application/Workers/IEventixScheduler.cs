using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using MediatR;
using Microsoft.Extensions.Options;

namespace Eventix.Application.Workers;

/// <summary>Posts tasks from C#, with the same message that runs them.</summary>
public interface IEventixScheduler
{
    /// <summary>Posts <paramref name="message"/> as a task, with the defaults of its <see cref="EventixTaskAttribute"/>; answers what is stored.</summary>
    /// <remarks>What a running task posts is its child, and takes over what is not said here.</remarks>
    /// <param name="message">A message of an assembly that was given to `AddTasks`.</param>
    /// <param name="priority">
    /// As on the wire, lower runs first. Null for that of the running task, unless that is 0, and then the attribute's: a task that runs with
    /// nothing special has nothing to hand down.
    /// </param>
    /// <param name="eta">Not before this time; null for now.</param>
    /// <param name="uniqueKey">At most one waiting task per namespace and key: another one merges into it. Null for the attribute's.</param>
    /// <param name="namespace">
    /// Null for the message's own parameter `Namespace`, where it has one that is not null; else that of the running task; else the first one
    /// that this host works for.
    /// </param>
    /// <param name="operator">On whose behalf; null for that of the running task, or `unknown`.</param>
    /// <param name="cancellationToken">Ends the waiting; the task may be stored all the same.</param>
    /// <exception cref="InvalidOperationException">The message is no task of this host.</exception>
    Task<EventixTask> DelayAsync<TResult>(
        IEventixTask<TResult> message,
        int? priority = null,
        DateTimeOffset? eta = null,
        string? uniqueKey = null,
        string? @namespace = null,
        string? @operator = null,
        CancellationToken cancellationToken = default
    );
}

internal sealed class EventixScheduler(IMediator mediator, TaskRegistry registry, IOptions<TaskWorkerOptions> options, CurrentTask current)
    : IEventixScheduler
{
    public async Task<EventixTask> DelayAsync<TResult>(
        IEventixTask<TResult> message,
        int? priority = null,
        DateTimeOffset? eta = null,
        string? uniqueKey = null,
        string? @namespace = null,
        string? @operator = null,
        CancellationToken cancellationToken = default
    )
    {
        var definition = registry.Of(message.GetType());
        var defaults = definition.Attribute;
        var (args, kwargs) = definition.Arguments.Unbind(message);
        var parent = current.Context;

        var task = new NewTask
        {
            Task = defaults.Name,
            Args = args,
            Kwargs = kwargs,
            Namespace = @namespace ?? definition.Arguments.Namespace(message) ?? parent?.Namespace ?? options.Value.Namespaces[0],
            Priority = priority ?? (parent is { Priority: not 0 } ? parent.Priority : defaults.Priority),
            Eta = eta?.ToUniversalTime(),
            UniqueKey = uniqueKey ?? definition.UniqueKey?.Of(message),
            Operator = @operator ?? (parent is null ? EventixTask.DefaultOperator : parent.Operator),
            Retry = defaults.Retry,
            MaxRetries = Limit(defaults.MaxRetries),
            ErrorEtaInc = defaults.ErrorEtaInc,
            ErrorEtaMax = defaults.ErrorEtaMax,
            ErrorExpires = Limit(defaults.ErrorExpires),
            ResultExpires = Limit(defaults.ResultExpires),
            StoreResult = defaults.StoreResult,
        };

        var stored = await mediator.Send(new PostTask(task), cancellationToken);

        // Answers are handed out one after the other, and the handler that goes on with this one may hold its thread up.
        await Task.Yield();

        return stored;
    }

    private static int? Limit(int value) => value == EventixTaskAttribute.Unlimited ? null : value;
}
