using System.Collections.Concurrent;

namespace Eventix.Infrastructure.Persistence;

/// <summary>
/// Sends requests that come one by one together. A request that finds nothing on its way goes at once and alone; those that come meanwhile
/// collect, and go together when the batch is back, or beside it once they are many. So nothing waits for others to come, and the busier it is the
/// more go in one statement.
/// </summary>
/// <param name="lanes">Batches on their way at the same time, besides a few that have been so for long.</param>
/// <param name="fewestBeside">So many have to wait for another batch to leave beside one: a statement for one costs nearly what one for several does.</param>
/// <param name="patience">A batch that has been gone for longer waits for something, a lock on a row say, that is no business of the others: its lane is theirs.</param>
/// <param name="mostAtOnce">Requests of one batch at most.</param>
/// <param name="size">Bytes of a request, roughly: a batch takes no more when it holds <see cref="MostBytesAtOnce"/>.</param>
/// <param name="send">
/// Sends at least one request and answers each by itself. What it throws is the answer of all that it has not answered.
/// </param>
internal sealed class Coalescer<TRequest, TAnswer>(
    int lanes,
    int fewestBeside,
    TimeSpan patience,
    int mostAtOnce,
    Func<TRequest, long> size,
    Func<IReadOnlyList<Coalesced<TRequest, TAnswer>>, Task> send
)
{
    // Far from the gigabyte at which PostgreSQL breaks the connection off.
    private const long MostBytesAtOnce = 16 << 20;

    // Each of them keeps a connection, and the pool is everybody's.
    private const int MostOverdue = 4;

    private readonly ConcurrentQueue<Coalesced<TRequest, TAnswer>> _waiting = new();
    private int _onTheirWay;
    private int _overdue;

    /// <param name="cancellationToken">Takes the request back while it is not on its way; after that it is answered all the same.</param>
    public Task<TAnswer> SendAsync(TRequest request, CancellationToken cancellationToken)
    {
        var coalesced = new Coalesced<TRequest, TAnswer>(request, cancellationToken);
        _waiting.Enqueue(coalesced);
        StartLanes();

        return coalesced.Delivered;
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
        // What was put into the queue is to be seen by a lane that ends just now, unless its end is seen here.
        Interlocked.MemoryBarrier();

        while (Volatile.Read(ref _onTheirWay) is var busy && busy < lanes && (busy == 0 || _waiting.Count >= fewestBeside))
        {
            if (Interlocked.CompareExchange(ref _onTheirWay, busy + 1, busy) == busy)
                return true;
        }

        return false;
    }

    private async Task RunLaneAsync()
    {
        while (Take() is { Count: > 0 } batch)
        {
            var delivered = DeliverAsync(batch);
            if (await Task.WhenAny(delivered, Task.Delay(patience)) != delivered && TryTakePlaceOfOverdue())
            {
                Leave();
                await delivered;
                Interlocked.Decrement(ref _overdue);
                return;
            }

            await delivered;
        }

        Leave();
    }

    private void Leave()
    {
        Interlocked.Decrement(ref _onTheirWay);

        // One that came between the last look and the release of the lane has found none.
        StartLanes();
    }

    private bool TryTakePlaceOfOverdue()
    {
        if (Interlocked.Increment(ref _overdue) <= MostOverdue)
            return true;

        Interlocked.Decrement(ref _overdue);
        return false;
    }

    private async Task DeliverAsync(List<Coalesced<TRequest, TAnswer>> batch)
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

        Coalesced<TRequest, TAnswer>.Deliver(batch);
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
