namespace Eventix.Application.Migration;

/// <summary>A document met a task that is here already, and the import was to fail at that. Nothing of its batch was stored.</summary>
public sealed class ImportConflictException(string uid, string what)
    : Exception($"The task {uid} {what}. Nothing of its batch was stored; --on-conflict skip or update-if-newer goes on.");
