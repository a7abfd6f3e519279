using Eventix.Domain.Tasks;

namespace Eventix.Application.Tasks;

/// <summary>
/// Those who wait for tasks, in the order in which they came, and by the namespaces they wait for: one task's arrival is no matter of those who wait
/// for others, however many they are. Not for several threads at once.
/// </summary>
internal sealed class ClaimWaiters
{
    private readonly SortedDictionary<long, ClaimWaiter> _all = [];
    private readonly Dictionary<string, SortedDictionary<long, ClaimWaiter>> _byNamespace = new(StringComparer.Ordinal);

    public int Count => _all.Count;

    /// <summary>In the order in which they came.</summary>
    public ClaimWaiter[] All() => [.. _all.Values];

    /// <summary>Those who wait for any of the namespaces, in the order in which they came.</summary>
    public ClaimWaiter[] For(IEnumerable<string> namespaces) =>
        [.. namespaces.SelectMany(Of).DistinctBy(waiter => waiter.Turn).OrderBy(waiter => waiter.Turn)];

    public int CountFor(string @namespace) => Of(@namespace).Count;

    public bool AnyFor(string @namespace) => _byNamespace.ContainsKey(@namespace);

    public void Add(ClaimWaiter waiter)
    {
        _all.Add(waiter.Turn, waiter);
        foreach (var @namespace in waiter.Request.Namespaces)
        {
            if (!_byNamespace.TryGetValue(@namespace, out var waiters))
                _byNamespace.Add(@namespace, waiters = []);
            waiters.TryAdd(waiter.Turn, waiter);
        }
    }

    public bool Contains(ClaimWaiter waiter) => _all.ContainsKey(waiter.Turn);

    public void Remove(ClaimWaiter waiter)
    {
        if (!_all.Remove(waiter.Turn))
            return;

        foreach (var @namespace in waiter.Request.Namespaces)
        {
            if (_byNamespace.TryGetValue(@namespace, out var waiters) && waiters.Remove(waiter.Turn) && waiters.Count == 0)
                _byNamespace.Remove(@namespace);
        }
    }

    private SortedDictionary<long, ClaimWaiter>.ValueCollection Of(string @namespace) =>
        _byNamespace.TryGetValue(@namespace, out var waiters) ? waiters.Values : new([]);
}

/// <summary>One who waits for tasks. All of it that changes under the lock of those who wait.</summary>
/// <param name="turn">Greater than that of whoever came before.</param>
/// <param name="looks">Whether it looks by itself before it waits.</param>
internal sealed class ClaimWaiter(ClaimRequest request, long turn, bool looks)
{
    public ClaimRequest Request => request;

    public long Turn => turn;

    public bool Looks => looks;

    /// <summary>Whether something came in, after it had begun to look, that its look may not have seen.</summary>
    public bool HasMissed { get; set; }

    public TaskCompletionSource<IReadOnlyList<EventixTask>> Claimed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsServed { get; set; }

    public bool IsLeaving { get; set; }
}
