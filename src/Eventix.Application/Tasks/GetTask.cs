using Eventix.Application.Messaging;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Tasks;

/// <summary>Reads one task; null when there is none.</summary>
public sealed record GetTask(string Uid) : IQuery<EventixTask?>;
