namespace Eventix.Application.Workers;

/// <summary>
/// Says whose turn it is, and how many of the free places each namespace may take. In the long run each of those that have tasks gets its weight,
/// and nothing lies idle for one that has none: it neither saves up nor owes anything.
/// </summary>
internal sealed class NamespaceShares(TaskWorkerOptions options)
{
    private readonly int[] _weights = [.. options.Namespaces.Select((_, index) => options.NamespaceWeights?[index] ?? 1)];

    // By how many places each has got less than its weight. In places and not in turns: one among few weighs more than one among all.
    private readonly double[] _credits = new double[options.Namespaces.Count];

    /// <summary>
    /// The namespaces that are <paramref name="open"/> in the order of their turns, each with the places that it may take. Together that is at least
    /// <paramref name="places"/>, so that all of them can be claimed from at once: what is too much is left out at the end.
    /// </summary>
    public List<NamespaceOffer> Offer(int places, bool[] open)
    {
        var total = TotalOf(Enumerable.Range(0, open.Length).Where(index => open[index]));
        var offers = new List<NamespaceOffer>();

        for (var index = 0; index < open.Length; index++)
        {
            if (!open[index])
                continue;

            if (options.IsStrictOrder)
            {
                offers.Add(new NamespaceOffer(index, places, Due: 0));
                continue;
            }

            // What it has not got so far on top: otherwise a light one, which is offered one place at least, could take more than its weight for ever.
            var share = (double)places * _weights[index] / total;
            var most = (int)Math.Ceiling(share + Math.Max(0, _credits[index]));
            offers.Add(new NamespaceOffer(index, Math.Clamp(most, 1, places), _credits[index] + share - Math.Floor(share)));
        }

        return options.IsStrictOrder ? offers : [.. offers.OrderByDescending(offer => offer.Due)];
    }

    /// <summary>Settles what came of <see cref="Offer"/>.</summary>
    /// <param name="taken">By each, in the order of <paramref name="offers"/>.</param>
    public void Settle(List<NamespaceOffer> offers, int[] taken, int places)
    {
        // Behind the last one that took some when all places were gone, nobody has been asked; that one may have wanted more.
        var asked = taken.Sum() == places ? Array.FindLastIndex(taken, count => count > 0) : taken.Length;
        var busy = Enumerable.Range(0, taken.Length).Where(n => n >= asked || taken[n] == offers[n].Places).ToList();
        var total = TotalOf(busy.Select(n => offers[n].Index));
        var shared = busy.Sum(n => taken[n]);

        foreach (var n in busy)
            _credits[offers[n].Index] += ((double)shared * _weights[offers[n].Index] / total) - taken[n];
    }

    private long TotalOf(IEnumerable<int> indices) => indices.Sum(index => (long)_weights[index]);
}

/// <param name="Index">Of the namespace, in the options.</param>
/// <param name="Due">What it has not got of its weight yet; who has most comes first.</param>
internal readonly record struct NamespaceOffer(int Index, int Places, double Due);
