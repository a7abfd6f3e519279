using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Workers;

/// <summary>Claims for the free places of a host: from all its namespaces in one statement, and what one leaves from the others in the next.</summary>
internal sealed class PlaceOffers(
    ITaskClaims claims,
    TasksInHand hand,
    TaskNameLimits limits,
    WorkerIncarnation worker,
    TaskWorkerOptions options,
    TimeProvider clock
)
{
    private readonly NamespaceShares _shares = new(options);

    /// <summary>Offers the places to the namespaces until they are taken or nothing is due. Returns how many were taken.</summary>
    /// <param name="takeIn">Is called with what each claim got, and when it was sent.</param>
    public async Task<int> FillAsync(int places, Action<IReadOnlyList<EventixTask>, long> takeIn, CancellationToken stop)
    {
        var left = places;
        var open = new bool[options.Namespaces.Count];
        Array.Fill(open, true);

        while (left > 0 && !stop.IsCancellationRequested && _shares.Offer(left, open) is { Count: > 0 } offers)
        {
            // What is claimed apart for the limit of a name must not come before what is due in a namespace in front.
            if (options.IsStrictOrder && limits.Any)
                offers = offers[..1];

            var taken = await ClaimAsync(offers, left, takeIn);
            _shares.Settle(offers, taken, left);

            for (var n = 0; n < taken.Length; n++)
            {
                left -= taken[n];
                open[offers[n].Index] = taken[n] == offers[n].Places;
            }
        }

        return places - left;
    }

    /// <summary>Claims what the namespaces are offered, as far as their limits and those of the names allow. Returns what each has taken.</summary>
    private async Task<int[]> ClaimAsync(List<NamespaceOffer> offers, int places, Action<IReadOnlyList<EventixTask>, long> takeIn)
    {
        var taken = new int[offers.Count];
        var most = offers.ConvertAll(MostOf);
        var left = (int)Math.Min(places, most.Sum(count => (long)count));

        var limitedAreShort = false;
        while (left > 0 && limits.Next(left, limitedAreShort) is { } names)
        {
            var asked = Enumerable.Range(0, taken.Length).Where(n => taken[n] < most[n]).ToArray();
            var sentAt = clock.GetTimestamp();
            var claimed = await ClaimAsync(
                Array.ConvertAll(asked, n => new NamespaceLimit(options.Namespaces[offers[n].Index], most[n] - taken[n])),
                names
            );

            for (var i = 0; i < asked.Length; i++)
                taken[asked[i]] += claimed[i].Count;

            var batch = claimed.Sum(tasks => tasks.Count);
            takeIn(claimed.Length == 1 ? claimed[0] : [.. claimed.SelectMany(tasks => tasks)], sentAt);

            left -= batch;
            if (batch < names.Limit && names.IsLast)
                break;
            limitedAreShort = batch < names.Limit;
        }

        return taken;
    }

    private int MostOf(NamespaceOffer offer) =>
        options.NamespaceConcurrency?[offer.Index] is > 0 and var most
            ? Math.Clamp(most - hand.InNamespace(options.Namespaces[offer.Index]), 0, offer.Places)
            : offer.Places;

    // Not cancelled by the stop: a claim that is broken off half-way may have leased tasks that nobody would run.
    private async Task<IReadOnlyList<EventixTask>[]> ClaimAsync(NamespaceLimit[] namespaces, NamesToClaim names)
    {
        if (namespaces is not [var only])
            return await claims.ClaimAsync(new NamespacesClaim(namespaces, worker.Id, names.Limit, options.Lease, names.Names));

        var limit = Math.Min(only.Limit, names.Limit);
        return [await claims.ClaimAsync(new TaskClaim(only.Namespace, worker.Id, limit, options.Lease, names.Names))];
    }
}
