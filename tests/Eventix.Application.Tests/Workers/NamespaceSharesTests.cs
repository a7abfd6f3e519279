using Eventix.Application.Workers;

namespace Eventix.Application.Tests.Workers;

public sealed class NamespaceSharesTests
{
    private static NamespaceShares Shares(int[]? weights, int count = 3, bool strict = false) =>
        new(
            new TaskWorkerOptions
            {
                Namespaces = [.. Enumerable.Range(0, count).Select(index => $"n{index}")],
                NamespaceWeights = weights,
                IsStrictOrder = strict,
            }
        );

    /// <summary>What each gets of many fills, when those that are <paramref name="busy"/> take all that they may and the others nothing.</summary>
    private static long[] Taken(NamespaceShares shares, bool[] busy, int fills, Func<int, int> places)
    {
        var taken = new long[busy.Length];
        for (var fill = 0; fill < fills; fill++)
        {
            var left = places(fill);
            var open = busy.Select(_ => true).ToArray();
            while (left > 0 && shares.Offer(left, open) is { Count: > 0 } offers)
            {
                var before = left;
                var round = offers.ConvertAll(Take).ToArray();
                shares.Settle(offers, round, before);
            }

            int Take(NamespaceOffer offer)
            {
                var count = busy[offer.Index] ? Math.Min(left, offer.Places) : 0;
                open[offer.Index] = busy[offer.Index];
                taken[offer.Index] += count;
                left -= count;
                return count;
            }
        }

        return taken;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(1000)]
    public void In_the_long_run_everybody_gets_its_weight(int places)
    {
        var taken = Taken(Shares([5, 3, 1]), [true, true, true], fills: 9_000, _ => places);

        taken.Should().Equal(5_000L * places, 3_000L * places, 1_000L * places);
    }

    [Fact]
    public void What_an_idle_one_leaves_goes_to_the_others_by_their_weights_and_nothing_is_wasted()
    {
        var taken = Taken(Shares([5, 3, 1]), [false, true, true], fills: 9_000, fill => 1 + fill % 4);

        taken.Sum().Should().Be(22_500);
        taken[1].Should().BeInRange(16_875 - 5, 16_875 + 5);
    }

    [Fact]
    public void One_that_was_idle_has_not_saved_up_and_owes_nothing()
    {
        var shares = Shares([1, 1], count: 2);
        Taken(shares, [true, false], fills: 10_000, _ => 1);

        Taken(shares, [true, true], fills: 100, _ => 1)[1].Should().BeInRange(49, 51);
    }

    [Fact]
    public void A_turn_among_few_is_not_paid_for_with_one_among_all()
    {
        var shares = Shares(weights: null, count: 1000);
        Taken(shares, [.. Enumerable.Repeat(true, 1000)], fills: 50, fill => 1 + fill);

        var few = Taken(shares, [.. Enumerable.Range(0, 1000).Select(index => index is 3 or 700)], fills: 10, _ => 1);

        few[3].Should().BeInRange(4, 6);
    }

    [Fact]
    public void One_that_took_some_and_had_no_more_pays_nothing_and_saves_nothing()
    {
        var shares = Shares([8, 1], count: 2);
        for (var fill = 0; fill < 1000; fill++)
        {
            var offers = shares.Offer(9, [true, true]);
            shares.Settle(offers, [.. offers.Select(_ => 1)], 9);
        }

        Taken(shares, [true, true], fills: 9, _ => 1).Should().Equal(8, 1);
    }

    [Fact]
    public void Few_places_may_go_to_whoever_has_something_so_that_nobody_is_asked_alone()
    {
        var offers = Shares(weights: null, count: 1000).Offer(16, [.. Enumerable.Repeat(true, 1000)]);

        offers.Should().HaveCount(1000).And.OnlyContain(offer => offer.Places == 1);
    }

    [Fact]
    public void Without_weights_all_are_equal() =>
        Taken(Shares(weights: null), [true, true, true], fills: 300, _ => 1).Should().Equal(100, 100, 100);

    [Fact]
    public void In_strict_order_everybody_may_take_what_those_in_front_leave()
    {
        var shares = Shares(weights: null, strict: true);

        shares.Offer(10, [true, true, true]).Select(offer => (offer.Index, offer.Places)).Should().Equal((0, 10), (1, 10), (2, 10));
        shares.Offer(4, [false, true, true]).Select(offer => (offer.Index, offer.Places)).Should().Equal((1, 4), (2, 4));
        shares.Offer(4, [false, false, false]).Should().BeEmpty();
    }
}
