namespace Eventix.Domain.Events;

/// <summary>A rule that turns events of one name into tasks.</summary>
public sealed class EventixEventTrigger
{
    public long Id { get; init; }

    public required string Uid { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public long RevisionCounter { get; init; } = 1;

    public int Version { get; init; } = 1;

    public required string EventName { get; init; }

    /// <summary>The engine that runs <see cref="Code"/>.</summary>
    public string TriggerType { get; init; } = "default";

    public string Namespace { get; init; } = "default";

    /// <summary>Unique per event name: a later trigger of that pair replaces the earlier one.</summary>
    public required string Name { get; init; }

    public string Code { get; init; } = "";
}
