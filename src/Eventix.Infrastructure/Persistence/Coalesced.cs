namespace Eventix.Infrastructure.Persistence;

/// <summary>
/// A request on its way with others, and the one who waits for its answer. Answers are kept until they are delivered, all of a batch together:
/// each by itself would be handed to a thread of its own, which costs more than what is left to do with it.
/// </summary>
internal sealed class Coalesced<TRequest, TAnswer>(TRequest request, CancellationToken cancellationToken)
{
    // Whoever waits goes on where the answer is delivered, one after the other. Many are spread over threads.
    private const int MostInTurn = 32;

    private readonly TaskCompletionSource<TAnswer> _delivered = new();
    private volatile Task<TAnswer>? _answer;

    public TRequest Request => request;

    /// <summary>Ends with the answer when it is delivered.</summary>
    public Task<TAnswer> Delivered => _delivered.Task;

    public bool IsAnswered => _answer is not null;

    public void Answer(TAnswer answer) => _answer ??= Task.FromResult(answer);

    /// <summary>Answers with an exception; without effect when there is an answer.</summary>
    public void Fail(Exception failed) => _answer ??= Task.FromException<TAnswer>(failed);

    public bool TryTakeBack() => cancellationToken.IsCancellationRequested && _delivered.TrySetCanceled(cancellationToken);

    /// <summary>Hands out the answers of those that have one, apart from the caller.</summary>
    public static void Deliver(IEnumerable<Coalesced<TRequest, TAnswer>> requests)
    {
        foreach (var some in requests.Where(request => request.IsAnswered).Chunk(MostInTurn))
            ThreadPool.UnsafeQueueUserWorkItem(static some => Array.ForEach(some, request => request.Deliver()), some, preferLocal: true);
    }

    private void Deliver() => _delivered.TrySetFromTask(_answer!);
}
