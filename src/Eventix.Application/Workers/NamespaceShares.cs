namespace Eventix.Application.Workers;

/// <summary>
/// Says whose turn it is, and how many of the free places each namespace may take. In the long run each of those that have tasks gets its weight,
/// and nothing lies idle for one that has none: it neither saves up nor owes anything.
/// </summary>
internal sealed class NamespaceShares(TaskWorkerOptions options)
{
    // What is lost in adding up parts of places must not be rounded up to one more.
    private const double Rounding = 1e-6;

    private readonly int[] _weights = [.. options.Namespaces.Select((_, index) => options.NamespaceWeights?[index] ?? 1)];

    // By how many places each has got less than its weight. In places and not in turns: one among few weighs more than one among all.
    private readonly double[] _credits = new double[options.Namespaces.Count];

    /// <summary>
    /// The namespaces that are <paramref name="open"/> in the order of their turns, each with the places that it may take. Together that is at least
    /// <paramref name="places"/>, so that all of them can be claimed from at once: what is too much is left out at the end.
    /// </summary>
    public List<NamespaceOffer> Offer(int places, bool[] open)
    {
        var indices = Enumerable.Range(0, open.Length).Where(index => open[index]).ToList();
        var total = TotalOf(indices);

        // Only against each other: what those that are not open have got too much or too little is not theirs to settle now.
        var shared = places - indices.Sum(index => _credits[index]);
        var offers = new List<NamespaceOffer>();

        foreach (var index in indices)
        {
            if (options.IsStrictOrder)
            {
                offers.Add(new NamespaceOffer(index, places, Due: 0));
                continue;
            }

            // Whole places, so nearly one too many. Nobody is offered more: then nobody who is as busy as the others is ever a whole place ahead, and all
            // of them are even again whenever their weights go into what they have got together.
            var wanted = _credits[index] + (shared * _weights[index] / total);
            var most = Math.Clamp((int)Math.Ceiling(wanted - Rounding), 1, places);
            offers.Add(new NamespaceOffer(index, most, wanted - most));
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
/// <param name="Due">What it has got less than its weight when it takes all of <paramref name="Places"/>; who has most comes first.</param>
internal readonly record struct NamespaceOffer(int Index, int Places, double Due);
