namespace Eventix.Application.Workers;

/// <summary>
/// Says how many of the free places each namespace is offered. By weight every namespace has its turns, and has had them whether it used them or
/// not: one that was idle neither saves up nor owes anything. What it leaves is offered to the others, by their weights, so nothing lies idle.
/// </summary>
internal sealed class NamespaceShares(TaskWorkerOptions options)
{
    private readonly int[] _weights = [.. options.Namespaces.Select((_, index) => options.NamespaceWeights?[index] ?? 1)];

    // Apart from each other: a turn among few must not be paid for with one among all.
    private readonly long[] _turns = new long[options.Namespaces.Count];
    private readonly long[] _leftTurns = new long[options.Namespaces.Count];

    /// <summary>Divides free places among all namespaces.</summary>
    public int[] Offer(int places) => Divide(places, [.. _weights.Select(_ => true)], _turns);

    /// <summary>Divides what others have left among the namespaces that are <paramref name="open"/>; all zero when none is.</summary>
    public int[] OfferLeft(int places, bool[] open) => Divide(places, open, _leftTurns);

    private int[] Divide(int places, bool[] open, long[] credits)
    {
        var offers = new int[_weights.Length];
        if (options.IsStrictOrder)
        {
            if (Array.IndexOf(open, true) is >= 0 and var first)
                offers[first] = places;
            return offers;
        }

        var total = _weights.Where((_, index) => open[index]).Sum();
        if (total == 0)
            return offers;

        // Whole rounds of turns leave the credits as they are.
        for (var index = 0; index < offers.Length; index++)
            offers[index] = open[index] ? places / total * _weights[index] : 0;

        for (var turn = 0; turn < places % total; turn++)
            offers[Next(open, total, credits)]++;

        return offers;
    }

    // Smooth weighted round robin: everybody earns its weight, the richest has the turn and pays for all.
    private int Next(bool[] open, int total, long[] credits)
    {
        var richest = -1;
        for (var index = 0; index < credits.Length; index++)
        {
            if (!open[index])
                continue;

            credits[index] += _weights[index];
            if (richest < 0 || credits[index] > credits[richest])
                richest = index;
        }

        credits[richest] -= total;
        return richest;
    }
}
