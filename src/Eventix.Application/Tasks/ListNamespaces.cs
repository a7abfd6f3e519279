using Eventix.Application.Messaging;

namespace Eventix.Application.Tasks;

/// <summary>The namespaces of all tasks that are stored, each once, by code point.</summary>
public sealed record ListNamespaces : IQuery<IReadOnlyList<string>>;
