using Eventix.Application.Messaging;

namespace Eventix.Application.Operations;

/// <summary>
/// Drops every table of Eventix and makes the schema anew: for development. Returns the names of the tables that were dropped. Answered in
/// Infrastructure.
/// </summary>
/// <param name="DatabaseName">The name of the database as somebody has typed it.</param>
/// <exception cref="ResetRefusedException">The name is another one, or the database looks like one that people work with.</exception>
public sealed record ResetDatabase(string DatabaseName) : ICommand<IReadOnlyList<string>>;

/// <summary>Nothing was dropped. The message says why, for operators, and holds no secret.</summary>
public sealed class ResetRefusedException(string message) : Exception(message);
