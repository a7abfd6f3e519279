using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// Claims of one namespace and of the same task names, one statement at a time: those that come while one is on its way go together in the next.
/// Two statements at once would only step over each other's locked rows. Claims of different queues know nothing of each other.
/// </summary>
/// <param name="claim">Claims for at least one at once; answers each, in their order.</param>
internal sealed class ClaimLanes(Func<IReadOnlyList<TaskClaim>, Task<IReadOnlyList<EventixTask>[]>> claim)
{
    // Those that wait for the statement that is on its way; a queue without one has no entry. Under the lock of the dictionary.
    private readonly Dictionary<ClaimQueueKey, Queue<Coalesced<TaskClaim, IReadOnlyList<EventixTask>>>> _waiting = [];

    /// <param name="requests">At least one, all of one queue: nobody else's claim comes between them.</param>
    public Task<IReadOnlyList<EventixTask>[]> ClaimAsync(IReadOnlyList<TaskClaim> requests)
    {
        var key = new ClaimQueueKey(requests[0].Namespace, requests[0].TaskNames);
        var claims = requests
            .Select(request => new Coalesced<TaskClaim, IReadOnlyList<EventixTask>>(request, CancellationToken.None))
            .ToList();
        var answered = Task.WhenAll(claims.Select(claim => claim.Delivered));

        lock (_waiting)
        {
            if (_waiting.TryGetValue(key, out var waiting))
            {
                claims.ForEach(waiting.Enqueue);
                return answered;
            }

            _waiting.Add(key, new(claims));
        }

        using (ExecutionContext.SuppressFlow())
            _ = RunAsync(key);

        return answered;
    }

    private async Task RunAsync(ClaimQueueKey key)
    {
        while (Take(key, out var behind) is { Count: > 0 } batch)
        {
            try
            {
                var answers = await claim([.. batch.Select(request => request.Request)]);
                for (var i = 0; i < batch.Count; i++)
                    batch[i].Answer(answers[i]);

                // Whoever waited before the statement looked would have found nothing more either.
                if (answers.Sum(answer => answer.Count) < batch.Sum(request => request.Request.Limit))
                    batch.AddRange(AnswerWithNothing(key, behind));
            }
            catch (Exception failed)
            {
                foreach (var request in batch)
                    request.Fail(failed);
            }

            Coalesced<TaskClaim, IReadOnlyList<EventixTask>>.Deliver(batch);
        }
    }

    /// <summary>The next ones, as many as may have their tasks in one statement. Without any the queue has no entry any more.</summary>
    /// <param name="behind">How many wait behind them.</param>
    private List<Coalesced<TaskClaim, IReadOnlyList<EventixTask>>> Take(ClaimQueueKey key, out int behind)
    {
        var batch = new List<Coalesced<TaskClaim, IReadOnlyList<EventixTask>>>();
        var tasks = 0;

        lock (_waiting)
        {
            var waiting = _waiting[key];
            while (tasks < ClaimOptions.MostTasks && waiting.TryDequeue(out var next))
            {
                batch.Add(next);
                tasks += next.Request.Limit;
            }

            behind = waiting.Count;
            if (batch.Count == 0)
                _waiting.Remove(key);
        }

        return batch;
    }

    private List<Coalesced<TaskClaim, IReadOnlyList<EventixTask>>> AnswerWithNothing(ClaimQueueKey key, int count)
    {
        var answered = new List<Coalesced<TaskClaim, IReadOnlyList<EventixTask>>>(count);
        lock (_waiting)
        {
            for (var waiting = _waiting[key]; answered.Count < count; )
                answered.Add(waiting.Dequeue());
        }

        answered.ForEach(request => request.Answer([]));

        return answered;
    }
}
