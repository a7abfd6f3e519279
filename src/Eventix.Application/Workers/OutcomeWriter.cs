using System.Data.Common;
using System.Threading.Channels;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Microsoft.Extensions.Logging;

namespace Eventix.Application.Workers;

/// <summary>
/// Writes the outcomes of this host's tasks back, as many at a time as came together while the previous batch was on its way. A second batch goes
/// beside that one when it is full: one connection alone does not keep up with the claims. While PostgreSQL is away outcomes wait here: one is given
/// up only when the host has to end.
/// </summary>
internal sealed partial class OutcomeWriter(ITaskWriteBacks writeBacks, TimeProvider clock, ILogger<OutcomeWriter> logger)
{
    public const int MostAtOnce = 500;

    // Far from the gigabyte at which PostgreSQL breaks the connection off.
    private const long MostBytesAtOnce = 16 << 20;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Channel<TaskWriteBack> _outcomes = Channel.CreateUnbounded<TaskWriteBack>();
    private readonly Channel<bool> _full = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );

    public void Add(TaskWriteBack outcome)
    {
        _outcomes.Writer.TryWrite(outcome);
        if (IsFull)
            _full.Writer.TryWrite(true);
    }

    /// <summary>No outcome comes any more: <see cref="RunAsync"/> ends when the last one is written.</summary>
    public void Complete()
    {
        _outcomes.Writer.TryComplete();
        _full.Writer.TryComplete();
    }

    /// <param name="settled">Called with the tasks that this host is done with, also by two threads at once.</param>
    /// <param name="giveUp">What is not written then is left to the leases.</param>
    public async Task RunAsync(Action<IReadOnlyList<EventixTask>> settled, CancellationToken giveUp)
    {
        Task[] both = [WriteWhatComesAsync(), WriteFullBatchesAsync()];

        // One that fails is told at once: the other one would go on for as long as the host does.
        await await Task.WhenAny(both);
        await Task.WhenAll(both);

        async Task WriteWhatComesAsync()
        {
            while (await _outcomes.Reader.WaitToReadAsync(CancellationToken.None))
                await WriteBatchAsync(settled, giveUp);
        }

        async Task WriteFullBatchesAsync()
        {
            while (await _full.Reader.WaitToReadAsync(CancellationToken.None))
            {
                _full.Reader.TryRead(out _);
                while (IsFull)
                    await WriteBatchAsync(settled, giveUp);
            }
        }
    }

    private bool IsFull => _outcomes.Reader.Count >= MostAtOnce;

    private async Task WriteBatchAsync(Action<IReadOnlyList<EventixTask>> settled, CancellationToken giveUp)
    {
        var batch = new List<TaskWriteBack>();
        var bytes = 0L;
        while (batch.Count < MostAtOnce && bytes < MostBytesAtOnce && _outcomes.Reader.TryRead(out var outcome))
        {
            batch.Add(outcome);
            bytes += outcome.Outcome.Result?.Length ?? 0;
        }

        if (batch.Count == 0)
            return;

        await WriteAsync(batch, giveUp);
        settled(batch.ConvertAll(item => item.Claimed));
    }

    private async Task WriteAsync(IReadOnlyList<TaskWriteBack> batch, CancellationToken giveUp)
    {
        while (true)
        {
            try
            {
                var answers = await writeBacks.WriteBackAsync(batch, giveUp);
                Tell(batch, answers);
                return;
            }
            catch (DbException refused) when (IsAboutTheData(refused))
            {
                await WriteApartAsync(batch, refused, giveUp);
                return;
            }
            catch (DbException unreachable)
            {
                logger.LogWarning(unreachable, "Could not write back {Count} outcomes; trying again in {Delay}", batch.Count, RetryDelay);
            }
            catch (OperationCanceledException)
            {
                logger.LogWarning("Gave up on writing back {Count} outcomes; their tasks run again when their leases end", batch.Count);
                return;
            }

            await Task.WhenAny(Task.Delay(RetryDelay, clock, giveUp));
        }
    }

    // One result that PostgreSQL refuses must not keep its neighbours waiting: each goes alone, and the bad one becomes a failure of its task.
    private async Task WriteApartAsync(IReadOnlyList<TaskWriteBack> batch, DbException refused, CancellationToken giveUp)
    {
        if (batch is not [var single])
        {
            foreach (var item in batch)
                await WriteAsync([item], giveUp);
            return;
        }

        logger.LogError(refused, "The outcome of task {Uid} cannot be stored", single.Claimed.Uid);

        var failure = single.Claimed.Fail(TaskErrors.ToJson(refused));
        if (single.Outcome.Result is { } result && failure.Result is { } error && !result.Span.SequenceEqual(error.Span))
            await WriteAsync([single with { Outcome = failure }], giveUp);
    }

    // Data exceptions, broken constraints, exceeded limits, internal errors: the same statement would fail for ever.
    private static bool IsAboutTheData(DbException error) => error.SqlState is ['2', '2' or '3', ..] or ['5', '4', ..] or ['X', 'X', ..];

    private void Tell(IReadOnlyList<TaskWriteBack> batch, IReadOnlyList<WriteBackAnswer> answers)
    {
        for (var index = 0; index < batch.Count; index++)
        {
            var task = batch[index].Claimed;
            if (answers[index] == WriteBackAnswer.Stale)
                LogStale(task.Uid, task.Task);
            else if (answers[index] == WriteBackAnswer.Superseded)
                LogSuperseded(task.Uid, task.Task);
        }
    }

    [LoggerMessage(
        LogLevel.Warning,
        "Task {Uid} ({Task}) was written by somebody else, or by an earlier try of this write-back; nothing was changed"
    )]
    private partial void LogStale(string uid, string task);

    [LoggerMessage(LogLevel.Information, "Task {Uid} ({Task}) was superseded by the one that waits under its unique key")]
    private partial void LogSuperseded(string uid, string task);
}
