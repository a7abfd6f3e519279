namespace Eventix.Application.Workers;

/// <summary>The `args` and `kwargs` of a task do not fit the parameters of its message. Its message names the argument and what is wrong.</summary>
public sealed class TaskArgumentException(string message) : Exception(message);
