using Eventix.Application.Workers;
using MediatR;

namespace Eventix.Infrastructure.Tests.Workers;

/// <summary>Reports far more often than anybody can look, waits for the gate, and reports once more.</summary>
[EventixTask("test.reporting")]
public sealed record Reporting : IEventixTask<Unit>;

internal sealed class ReportingHandler(Journal journal, ITaskContext context) : IRequestHandler<Reporting, Unit>
{
    public async Task<Unit> Handle(Reporting message, CancellationToken cancellationToken)
    {
        for (var i = 0; i <= 40_000; i++)
            await context.ReportProgressAsync(i / 1000, $"{i}\0");

        await journal.Gate.Task.WaitAsync(cancellationToken);
        await context.ReportProgressAsync(100);

        return Unit.Value;
    }
}

/// <summary>Takes too long, and does not heed its token.</summary>
[EventixTask("test.overdue", Timeout = 1, MaxRetries = 0)]
public sealed record Overdue : IEventixTask<string>;

internal sealed class OverdueHandler(Journal journal, ITaskContext context) : IRequestHandler<Overdue, string>
{
    public Task<string> Handle(Overdue message, CancellationToken cancellationToken) =>
        journal.During(async () =>
        {
            await using var registration = cancellationToken.Register(() => journal.Ran.Enqueue($"{context.StopReason}"));
            await journal.Gate.Task;
            return "done after all";
        });
}

/// <summary>Posts the next one of a row, and fails at its first attempt.</summary>
[EventixTask("test.row", ErrorEtaInc = 3600)]
public sealed record Row(int Length) : IEventixTask<int>;

internal sealed class RowHandler(ITaskContext context, IEventixScheduler scheduler) : IRequestHandler<Row, int>
{
    public async Task<int> Handle(Row message, CancellationToken cancellationToken)
    {
        if (context.Attempt == 1)
            throw new InvalidOperationException("not at the first attempt");

        if (message.Length > 1)
            await scheduler.DelayAsync(
                new Row(message.Length - 1),
                eta: DateTimeOffset.UtcNow.AddDays(1),
                cancellationToken: cancellationToken
            );

        return message.Length;
    }
}

/// <summary>Never succeeds.</summary>
[EventixTask("test.hopeless")]
public sealed record Hopeless : IEventixTask<Unit>;

internal sealed class HopelessHandler : IRequestHandler<Hopeless, Unit>
{
    public Task<Unit> Handle(Hopeless message, CancellationToken cancellationToken) => throw new InvalidOperationException("never");
}
