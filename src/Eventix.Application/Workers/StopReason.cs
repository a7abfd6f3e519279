namespace Eventix.Application.Workers;

/// <summary>Why a running task was asked to stop.</summary>
public enum StopReason
{
    /// <summary>Its lease ran out: it may already run elsewhere, and whatever comes of this run is dropped.</summary>
    LeaseLost,

    /// <summary>Somebody cancelled it. A handler that stops for it ends the task as `error` of class `TaskCancelled`.</summary>
    CancelRequested,

    /// <summary>The host's grace period is over. A handler that stops for it gives the task back, and the attempt does not count.</summary>
    HostStopping,

    /// <summary>It ran longer than its <see cref="EventixTaskAttribute.Timeout"/>: this attempt has failed, whatever the handler still does.</summary>
    TimedOut,
}
