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

    /// <summary>What each gets of many rounds of free places, when those that are <paramref name="busy"/> take all they are offered.</summary>
    private static long[] Taken(NamespaceShares shares, bool[] busy, int rounds, Func<int, int> places)
    {
        var taken = new long[busy.Length];
        for (var round = 0; round < rounds; round++)
        {
            var offers = shares.Offer(places(round));
            var left = offers.Where((_, index) => !busy[index]).Sum();
            var again = shares.OfferLeft(left, busy);
            for (var index = 0; index < busy.Length; index++)
                taken[index] += busy[index] ? offers[index] + again[index] : 0;
        }

        return taken;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void In_the_long_run_everybody_gets_its_weight(int places)
    {
        var taken = Taken(Shares([5, 3, 1]), [true, true, true], rounds: 9_000, _ => places);

        taken.Should().Equal(5_000L * places, 3_000L * places, 1_000L * places);
    }

    [Fact]
    public void What_an_idle_one_leaves_goes_to_the_others_by_their_weights_and_nothing_is_wasted()
    {
        var taken = Taken(Shares([5, 3, 1]), [false, true, true], rounds: 9_000, round => 1 + round % 4);

        taken.Sum().Should().Be(22_500);
        taken[1].Should().BeInRange(16_875 - 5, 16_875 + 5);
    }

    [Fact]
    public void One_that_was_idle_has_not_saved_up_and_owes_nothing()
    {
        var shares = Shares([1, 1], count: 2);
        Taken(shares, [true, false], rounds: 10_000, _ => 1);

        Taken(shares, [true, true], rounds: 100, _ => 1)[1].Should().BeInRange(49, 51);
    }

    [Fact]
    public void Without_weights_all_are_equal() =>
        Taken(Shares(weights: null), [true, true, true], rounds: 300, _ => 1).Should().Equal(100, 100, 100);

    [Fact]
    public void In_strict_order_the_first_that_is_open_is_offered_everything()
    {
        var shares = Shares(weights: null, strict: true);

        shares.Offer(10).Should().Equal(10, 0, 0);
        shares.OfferLeft(4, [false, true, true]).Should().Equal(0, 4, 0);
        shares.OfferLeft(4, [false, false, false]).Should().Equal(0, 0, 0);
    }
}
