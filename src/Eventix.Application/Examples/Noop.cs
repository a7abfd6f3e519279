using Eventix.Application.Workers;
using MediatR;

namespace Eventix.Application.Examples;

/// <summary>Does nothing: for measuring, and for trying a host out.</summary>
[EventixTask("noop")]
public sealed record Noop : IEventixTask<Unit>;

internal sealed class NoopHandler : IRequestHandler<Noop, Unit>
{
    public Task<Unit> Handle(Noop message, CancellationToken cancellationToken) => Unit.Task;
}
