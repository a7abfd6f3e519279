using Eventix.Infrastructure.Operations;

namespace Eventix.Infrastructure.Tests.Operations;

public sealed class TransactionTimesTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TransactionTimes _times = new();

    [Fact]
    public void It_knows_what_had_been_given_out_when()
    {
        Add(0, 100);
        Add(10, 200);
        Add(20, 300);

        (At(-1), At(0), At(9.9), At(10), At(1000)).Should().Be((null, 100, 100, 200, 300));
        (FirstBeyond(99), FirstBeyond(100), FirstBeyond(299), FirstBeyond(300)).Should().Be((0, 10, 20, null));
    }

    [Fact]
    public void Looks_at_the_same_time_in_any_order_do_not_confuse_it()
    {
        Add(0, 100);
        Add(10, 200);
        Add(9.9, 190);
        Add(10.2, 195);

        (At(9.95), At(10.3)).Should().Be((100, 200));
    }

    [Fact]
    public void Another_server_with_smaller_ids_makes_it_begin_anew()
    {
        Add(0, 5_000_000_000);
        Add(10, 700);

        (At(5), At(10)).Should().Be((null, 700));
    }

    [Fact]
    public void However_often_somebody_looks_the_oldest_and_the_newest_stay()
    {
        for (var look = 0; look <= 200_000; look++)
            Add(look / 10.0, look);

        (At(0), At(20_000)).Should().Be((0, 200_000));
        At(10_000).Should().BeInRange(95_000, 100_000, "what is long ago is thinned out, not dropped");
        At(19_940).Should().BeInRange(199_340, 199_400, "what was a minute ago is known to a few seconds");
    }

    private void Add(double second, long next) => _times.Add(Start.AddSeconds(second), next);

    private long? At(double second) => _times.NextAt(Start.AddSeconds(second));

    private double? FirstBeyond(long id) => (_times.FirstBeyond(id) - Start)?.TotalSeconds;
}
