namespace Eventix.Domain.Tasks;

/// <summary>Where a task stands. The arrows between the states are drawn in docs/states.md.</summary>
public enum EventixTaskStatus
{
    /// <summary>Waits for its eta.</summary>
    Scheduled,

    /// <summary>Leased to a worker.</summary>
    Processing,

    /// <summary>Finished, with a result.</summary>
    Done,

    /// <summary>Finished, with an error object as result.</summary>
    Error,

    /// <summary>Failed and waits for its next attempt.</summary>
    Retry,
}

/// <summary>The statuses as they stand in the database and on the wire: their names in lower case.</summary>
public static class EventixTaskStatusText
{
    public static string ToText(this EventixTaskStatus status) =>
        status switch
        {
            EventixTaskStatus.Scheduled => "scheduled",
            EventixTaskStatus.Processing => "processing",
            EventixTaskStatus.Done => "done",
            EventixTaskStatus.Error => "error",
            EventixTaskStatus.Retry => "retry",
            _ => throw new ArgumentOutOfRangeException(nameof(status), status, "A status that has no name."),
        };

    /// <summary>Reads one of the five names, case-sensitive; null for anything else.</summary>
    public static EventixTaskStatus? Parse(string text) =>
        text switch
        {
            "scheduled" => EventixTaskStatus.Scheduled,
            "processing" => EventixTaskStatus.Processing,
            "done" => EventixTaskStatus.Done,
            "error" => EventixTaskStatus.Error,
            "retry" => EventixTaskStatus.Retry,
            _ => null,
        };

    /// <summary>Whether a task of this status waits to be claimed, and so holds its unique key.</summary>
    public static bool IsWaiting(this EventixTaskStatus status) => status is EventixTaskStatus.Scheduled or EventixTaskStatus.Retry;
}
