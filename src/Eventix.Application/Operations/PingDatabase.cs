using Eventix.Application.Messaging;
using MediatR;

namespace Eventix.Application.Operations;

/// <summary>Asks the database for an answer, and does not wait long for it; throws when there is none.</summary>
public sealed record PingDatabase : IQuery<Unit>;
