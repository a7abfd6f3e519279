namespace Eventix.Application.Workers;

/// <summary>Thrown by a handler: the task ends as `error`, whatever retries are left, because no other run would do better.</summary>
/// <param name="message">The `error_message` of the task's result.</param>
/// <param name="cause">Null for none.</param>
public sealed class TaskFailedException(string message, Exception? cause = null) : Exception(message, cause);
