namespace Eventix.Domain.Schedules;

/// <summary>A cron line that posts a task.</summary>
public sealed class EventixSchedule
{
    public long Id { get; init; }

    public required string Uid { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public long RevisionCounter { get; init; } = 1;

    public int Version { get; init; } = 1;

    public string Namespace { get; init; } = "default";

    /// <summary>Unique per namespace.</summary>
    public required string Name { get; init; }

    /// <summary>Cron expression, in UTC.</summary>
    public required string Schedule { get; init; }

    public required string Task { get; init; }

    /// <summary>A JSON array as UTF-8.</summary>
    public ReadOnlyMemory<byte> Args { get; init; } = "[]"u8.ToArray();

    /// <summary>A JSON object as UTF-8.</summary>
    public ReadOnlyMemory<byte> Kwargs { get; init; } = "{}"u8.ToArray();

    public int Priority { get; init; }

    public DateTimeOffset? LastSchedule { get; init; }

    public DateTimeOffset? NextSchedule { get; init; }
}
