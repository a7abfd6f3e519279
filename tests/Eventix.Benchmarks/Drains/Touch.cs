using Eventix.Application.Workers;
using MediatR;

namespace Eventix.Benchmarks.Drains;

/// <summary>Does nothing, and answers something, so that there is a result to keep.</summary>
[EventixTask(Name)]
public sealed record Touch(string Payload) : IEventixTask<Touched>
{
    public const string Name = "bench.touch";
}

public sealed record Touched(string Said);

internal sealed class TouchHandler(Handled handled) : IRequestHandler<Touch, Touched>
{
    private static readonly Task<Touched> Answer = Task.FromResult(new Touched("done"));

    public Task<Touched> Handle(Touch message, CancellationToken cancellationToken)
    {
        handled.One();
        return Answer;
    }
}
