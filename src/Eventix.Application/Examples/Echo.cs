using Eventix.Application.Workers;
using MediatR;

namespace Eventix.Application.Examples;

/// <summary>Answers what it was called with.</summary>
[EventixTask("echo")]
public sealed record Echo(RawArgs Args, RawKwargs Kwargs) : IEventixTask<Echoed>;

public sealed record Echoed(RawArgs Args, RawKwargs Kwargs);

internal sealed class EchoHandler : IRequestHandler<Echo, Echoed>
{
    public Task<Echoed> Handle(Echo message, CancellationToken cancellationToken) =>
        Task.FromResult(new Echoed(message.Args, message.Kwargs));
}
