using Eventix.Application.Tasks;

namespace Eventix.Application.Tests.Tasks;

public sealed class ClaimWaitersTests
{
    private readonly ClaimWaiters _waiters = new();
    private long _came;

    private ClaimWaiter Add(params string[] namespaces)
    {
        var waiter = new ClaimWaiter(new ClaimRequest("w", namespaces, Limit: 1, TimeSpan.FromMinutes(1)), ++_came, looks: true);
        _waiters.Add(waiter);
        return waiter;
    }

    [Fact]
    public void Those_who_wait_for_some_namespaces_are_found_once_each_in_the_order_in_which_they_came()
    {
        var both = Add("b", "a");
        var b = Add("b");
        var c = Add("c");
        var a = Add("a");

        _waiters.For(["a", "nobody's", "b"]).Should().Equal(both, b, a);
        _waiters.All().Should().Equal(both, b, c, a);
        _waiters.CountFor("b").Should().Be(2);
    }

    [Fact]
    public void Who_has_gone_waits_for_none_of_its_namespaces_any_more()
    {
        var gone = Add("a", "b", "a");
        var b = Add("b");

        _waiters.Remove(gone);

        _waiters.Contains(gone).Should().BeFalse();
        _waiters.AnyFor("a").Should().BeFalse();
        _waiters.For(["a", "b"]).Should().Equal(b);
        _waiters.Count.Should().Be(1);
    }

    [Fact]
    public void To_remove_one_twice_changes_nothing()
    {
        var gone = Add("a");
        _waiters.Remove(gone);
        var next = Add("a");

        _waiters.Remove(gone);

        _waiters.For(["a"]).Should().Equal(next);
    }
}
