namespace Eventix.Application.Migration;

/// <summary>
/// A target of an export that cannot be used: not writable, not empty, or no longer answering. The message is for operators, one line that says
/// what to do, and holds no secret.
/// </summary>
/// <param name="message">Ends with a full stop.</param>
/// <param name="isTransient">Whether the same call may succeed later: the target went away, rather than being wrong.</param>
/// <param name="innerException">What it was told with.</param>
public sealed class TargetException(string message, bool isTransient = false, Exception? innerException = null)
    : Exception(message, innerException)
{
    public bool IsTransient { get; } = isTransient;
}
