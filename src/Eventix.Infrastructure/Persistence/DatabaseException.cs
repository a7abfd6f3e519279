namespace Eventix.Infrastructure.Persistence;

/// <summary>The database cannot be used as it is. The message is for operators, one line, and holds no secret.</summary>
public sealed class DatabaseException(string message, Exception? innerException = null) : Exception(message, innerException);
