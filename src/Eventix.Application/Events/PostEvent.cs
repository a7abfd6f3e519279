using Eventix.Application.Messaging;
using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using FluentValidation;

namespace Eventix.Application.Events;

/// <summary>Stores an event, once per uid, and answers the tasks that it made.</summary>
public sealed record PostEvent(NewEvent Event) : ICommand<IReadOnlyList<EventixTask>>;

/// <summary>
/// An event as a client sends it, with every default applied but the one that needs the database's clock: a null time means now.
/// </summary>
public sealed record NewEvent
{
    /// <summary>The name of an event that was sent without one.</summary>
    public const string DefaultName = "TEventixEvent";

    /// <summary>Any text; posting one uid twice stores one event.</summary>
    public string Uid { get; init; } = TimeOrderedUid.New();

    /// <summary>The revision that was sent; the stored one counts on from its number.</summary>
    public string? Revision { get; init; }

    public int Version { get; init; } = 1;

    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Null is a namespace of its own, which no worker asks for.</summary>
    public string? Namespace { get; init; }

    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Lower is more important.</summary>
    public int Priority { get; init; }

    /// <summary>A JSON object as UTF-8; stored byte for byte.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; } = "{}"u8.ToArray();

    public string? Name { get; init; }

    public string? Operator { get; init; }

    public long FirstRevisionCounter => Domain.Tasks.Revision.TryReadCounter(Revision, out var counter) ? counter + 1 : long.MaxValue;
}

internal sealed class PostEventValidator : AbstractValidator<PostEvent>
{
    public PostEventValidator()
    {
        RuleFor(command => command.Event.Uid).Storable(EventixTask.MaxKeyBytes);
        RuleFor(command => command.Event.Revision)
            .Must(revision => Revision.TryReadCounter(revision, out _))
            .WithMessage("The revision's counter is too large");
        RuleFor(command => command.Event.Namespace).Storable(EventixTask.MaxNamespaceBytes);
        RuleFor(command => command.Event.Name).Storable(int.MaxValue);
        RuleFor(command => command.Event.Operator).Storable(int.MaxValue);
    }
}
