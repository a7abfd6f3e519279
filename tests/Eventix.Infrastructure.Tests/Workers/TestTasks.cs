using System.Collections.Concurrent;
using Eventix.Application.Workers;
using MediatR;

namespace Eventix.Infrastructure.Tests.Workers;

/// <summary>What the handlers below saw, shared with the test that runs them.</summary>
public sealed class Journal
{
    private int _running;

    public ConcurrentQueue<string> Ran { get; } = new();

    public int MostAtOnce { get; private set; }

    /// <summary>Why handlers were asked to stop.</summary>
    public ConcurrentQueue<StopReason> Stopped { get; } = new();

    /// <summary>The most `test.rare` that ran at the same time.</summary>
    public int MostRare { get; set; }

    public int Rare { get; set; }

    public bool IsIdle
    {
        get
        {
            lock (Ran)
                return _running == 0;
        }
    }

    /// <summary>Held until a test lets the blocked tasks go on.</summary>
    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task<T> During<T>(Func<Task<T>> work)
    {
        lock (Ran)
            MostAtOnce = Math.Max(MostAtOnce, ++_running);
        try
        {
            return await work();
        }
        finally
        {
            lock (Ran)
                _running--;
        }
    }
}

/// <summary>Waits for the gate, or for the end of its token.</summary>
[EventixTask("test.blocked", ErrorEtaInc = 0)]
public sealed record Blocked(string Name, bool Stubborn = false) : IEventixTask<string>;

internal sealed class BlockedHandler(Journal journal, ITaskContext task) : IRequestHandler<Blocked, string>
{
    public Task<string> Handle(Blocked message, CancellationToken cancellationToken) =>
        journal.During(async () =>
        {
            journal.Ran.Enqueue(message.Name);

            // On a thread of its own: a stubborn one goes on, and one that listens may be gone before a callback's turn comes.
            var ended = new CancellationTokenSource();
            var noted = NoteStopAsync(cancellationToken, ended.Token);
            try
            {
                await journal.Gate.Task.WaitAsync(message.Stubborn ? CancellationToken.None : cancellationToken);
            }
            finally
            {
                await ended.CancelAsync();
                await noted;
            }

            return message.Name;
        });

    private async Task NoteStopAsync(CancellationToken stopped, CancellationToken ended)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopped, ended);
        await Task.WhenAny(Task.Delay(Timeout.Infinite, either.Token));
        if (task.StopReason is { } reason)
            journal.Stopped.Enqueue(reason);
    }
}

/// <summary>Takes a thread for as long as it runs, as synchronous IO does.</summary>
[EventixTask("test.synchronous")]
public sealed record Synchronous : IEventixTask<Unit>;

internal sealed class SynchronousHandler(Journal journal) : IRequestHandler<Synchronous, Unit>
{
    public Task<Unit> Handle(Synchronous message, CancellationToken cancellationToken)
    {
        journal.Ran.Enqueue("synchronous");
        Thread.Sleep(TimeSpan.FromSeconds(4));

        return Unit.Task;
    }
}

/// <summary>Runs until its token fires, and then throws from what it has registered with it.</summary>
[EventixTask("test.spiteful")]
public sealed record Spiteful : IEventixTask<Unit>;

internal sealed class SpitefulHandler(Journal journal) : IRequestHandler<Spiteful, Unit>
{
    public Task<Unit> Handle(Spiteful message, CancellationToken cancellationToken) =>
        journal.During(async () =>
        {
            await using var registration = cancellationToken.Register(() => throw new InvalidOperationException("spite"));
            journal.Ran.Enqueue("spiteful");
            await journal.Gate.Task;
            return Unit.Value;
        });
}

/// <summary>One that a host must not run too many of.</summary>
[EventixTask("test.rare", Concurrency = 2)]
public sealed record Rare(string Name) : IEventixTask<Unit>;

internal sealed class RareHandler(Journal journal) : IRequestHandler<Rare, Unit>
{
    public async Task<Unit> Handle(Rare message, CancellationToken cancellationToken)
    {
        lock (journal.Ran)
            journal.MostRare = Math.Max(journal.MostRare, ++journal.Rare);
        journal.Ran.Enqueue(message.Name);
        await journal.Gate.Task.WaitAsync(cancellationToken);
        lock (journal.Ran)
            journal.Rare--;

        return Unit.Value;
    }
}

[EventixTask("test.failing", MaxRetries = 1, ErrorEtaInc = 0)]
public sealed record Failing(string Reason) : IEventixTask<Unit>;

internal sealed class FailingHandler(Journal journal) : IRequestHandler<Failing, Unit>
{
    public Task<Unit> Handle(Failing message, CancellationToken cancellationToken)
    {
        journal.Ran.Enqueue(message.Reason);
        throw new InvalidOperationException(message.Reason);
    }
}

/// <summary>Answers text that PostgreSQL's parser gives up on: deeper than its stack.</summary>
[EventixTask("test.unstorable", MaxRetries = 0)]
public sealed record Unstorable : IEventixTask<RawArgs>;

internal sealed class UnstorableHandler : IRequestHandler<Unstorable, RawArgs>
{
    public Task<RawArgs> Handle(Unstorable message, CancellationToken cancellationToken) =>
        Task.FromResult(new RawArgs(System.Text.Encoding.UTF8.GetBytes(new string('[', 200_000) + new string(']', 200_000))));
}
