using System.Collections.Concurrent;

namespace Eventix.Infrastructure.Persistence;

/// <summary>
/// Sends requests that come one by one together. A request that finds a lane free goes at once and alone; those that come while all lanes are on
/// their way collect, and the next free lane takes them. So nothing waits for a timer, and the busier it is the more go in one statement.
/// </summary>
/// <param name="lanes">Batches on their way at the same time.</param>
/// <param name="mostAtOnce">Requests of one batch at most.</param>
/// <param name="size">Bytes of a request, roughly: a batch takes no more when it holds <see cref="MostBytesAtOnce"/>.</param>
/// <param name="send">
/// Sends at least one request and answers each by itself. What it throws is the answer of all that it has not answered.
/// </param>
internal sealed class Coalescer<TRequest, TAnswer>(
    int lanes,
    int mostAtOnce,
    Func<TRequest, long> size,
    Func<IReadOnlyList<Coalesced<TRequest, TAnswer>>, Task> send
)
{
    // Far from the gigabyte at which PostgreSQL breaks the connection off.
    private const long MostBytesAtOnce = 16 << 20;

    private readonly ConcurrentQueue<Coalesced<TRequest, TAnswer>> _waiting = new();
    private int _free = lanes;

    /// <param name="cancellationToken">Takes the request back while it is not on its way; after that it is answered all the same.</param>
    public Task<TAnswer> SendAsync(TRequest request, CancellationToken cancellationToken)
    {
        var coalesced = new Coalesced<TRequest, TAnswer>(request, cancellationToken);
        _waiting.Enqueue(coalesced);
        StartLanes();

        return coalesced.Answered;
    }

    private void StartLanes()
    {
        while (!_waiting.IsEmpty && TryTakeLane())
        {
            // A lane serves whoever comes: the activity and the log scope of the request that started it are none of theirs.
            using (ExecutionContext.SuppressFlow())
                _ = RunLaneAsync();
        }
    }

    private bool TryTakeLane()
    {
        if (Interlocked.Decrement(ref _free) >= 0)
            return true;

        Interlocked.Increment(ref _free);
        return false;
    }

    private async Task RunLaneAsync()
    {
        while (Take() is { Count: > 0 } batch)
        {
            try
            {
                await send(batch);
            }
            catch (Exception failed)
            {
                foreach (var request in batch)
                    request.Fail(failed);
            }
        }

        Interlocked.Increment(ref _free);

        // One that came between the last look and the release of the lane has found none.
        StartLanes();
    }

    private List<Coalesced<TRequest, TAnswer>> Take()
    {
        var batch = new List<Coalesced<TRequest, TAnswer>>();
        var bytes = 0L;

        while (batch.Count < mostAtOnce && bytes < MostBytesAtOnce && _waiting.TryDequeue(out var request))
        {
            if (request.TryTakeBack())
                continue;

            batch.Add(request);
            bytes += size(request.Request);
        }

        return batch;
    }
}

/// <summary>A request on its way with others, and the one who waits for its answer.</summary>
internal sealed class Coalesced<TRequest, TAnswer>(TRequest request, CancellationToken cancellationToken)
{
    private readonly TaskCompletionSource<TAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TRequest Request => request;

    public Task<TAnswer> Answered => _answer.Task;

    public void Answer(TAnswer answer) => _answer.TrySetResult(answer);

    /// <summary>Answers with an exception; without effect when there is an answer.</summary>
    public void Fail(Exception failed) => _answer.TrySetException(failed);

    public bool TryTakeBack() => cancellationToken.IsCancellationRequested && _answer.TrySetCanceled(cancellationToken);
}
