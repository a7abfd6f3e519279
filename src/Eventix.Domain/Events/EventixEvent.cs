namespace Eventix.Domain.Events;

/// <summary>Something that happened and that triggers may turn into tasks.</summary>
public sealed class EventixEvent
{
    /// <summary>Given by the database: order of arrival.</summary>
    public long Id { get; init; }

    /// <summary>Any text; posting one uid twice stores one event.</summary>
    public required string Uid { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public long RevisionCounter { get; init; } = 1;

    public int Version { get; init; } = 1;

    public string? Namespace { get; init; }

    public DateTimeOffset Timestamp { get; init; }

    /// <summary>Lower is more important; the tasks of its triggers inherit it.</summary>
    public int Priority { get; init; }

    /// <summary>A JSON object as UTF-8, as it was sent.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; } = "{}"u8.ToArray();

    public string? Name { get; init; }

    public string? Operator { get; init; }

    /// <summary>What each trigger did with it: a JSON array as UTF-8; null until its triggers ran.</summary>
    public ReadOnlyMemory<byte>? Outcome { get; init; }
}
