using Eventix.Application.Messaging;

namespace Eventix.Application.Tasks;

/// <summary>The names of all tasks that are stored in a namespace, each once, by code point; empty for a namespace without tasks.</summary>
public sealed record ListTaskTypes(string Namespace) : IQuery<IReadOnlyList<string>>;
