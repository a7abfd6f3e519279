using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Tasks;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class ClaimBookmarksTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly string[] Mine = ["mine"];

    private readonly HandClock _clock = new();
    private readonly ClaimBookmarks _bookmarks;

    public ClaimBookmarksTests() => _bookmarks = new ClaimBookmarks(_clock);

    private static EventixTask Task(int priority, DateTimeOffset eta) =>
        new()
        {
            Uid = "u",
            Task = "t",
            Namespace = "n",
            Priority = priority,
            Eta = eta,
        };

    /// <summary>A full look that takes 100 ms and claims what is given: until 5 s later bookmarks are used.</summary>
    private void LookDearly(params EventixTask[] claimed)
    {
        using var look = _bookmarks.Begin("n", null)!;
        look.IsFull.Should().BeTrue();
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        look.End(claimed);
    }

    /// <summary>A full look for one task name that takes 100 ms and finds nothing.</summary>
    private void LookInVain()
    {
        using var look = _bookmarks.Begin("n", Mine)!;
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        look.End([]);
    }

    /// <summary>A claim that claims what is given. A full one takes 10 s.</summary>
    private void ClaimAfter(double seconds, bool isFull, params EventixTask[] claimed)
    {
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        using var look = _bookmarks.Begin("n", null)!;
        look.IsFull.Should().Be(isFull);
        if (isFull)
            _clock.Advance(TimeSpan.FromSeconds(10));

        look.End(claimed);
    }

    [Fact]
    public void A_cheap_look_is_always_full()
    {
        for (var n = 0; n < 3; n++)
        {
            using var look = _bookmarks.Begin("n", null)!;
            look.IsFull.Should().BeTrue();
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            look.End([Task(0, Noon)]);
        }
    }

    [Fact]
    public void After_a_dear_look_claims_start_at_the_last_task_claimed_of_each_priority()
    {
        LookDearly(Task(3, Noon), Task(-1, Noon.AddHours(1)), Task(3, Noon.AddHours(2)));

        using var look = _bookmarks.Begin("n", null)!;

        look.Priorities.Should().Equal(-1, 3);
        look.Etas.Should().Equal(Noon.AddHours(1), Noon.AddHours(2));
    }

    [Fact]
    public void Fifty_times_its_cost_later_the_next_full_look_is_taken_and_never_later_than_five_minutes()
    {
        LookDearly(Task(0, Noon));
        _clock.Advance(TimeSpan.FromSeconds(4.8));
        _bookmarks.Begin("n", null)!.IsFull.Should().BeFalse();
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        using var look = _bookmarks.Begin("n", null)!;
        look.IsFull.Should().BeTrue();

        _clock.Advance(TimeSpan.FromSeconds(20));
        look.End([Task(0, Noon)]);
        for (var seconds = 40; seconds < 300; seconds += 20)
            ClaimAfter(20, isFull: false, Task(0, Noon));
        ClaimAfter(20, isFull: true);
    }

    [Fact]
    public void A_queue_in_which_claims_find_nothing_for_half_a_minute_is_looked_through_then()
    {
        ClaimAfter(0, isFull: true, Task(0, Noon));
        ClaimAfter(20, isFull: false, Task(0, Noon));
        ClaimAfter(10, isFull: false);
        ClaimAfter(19, isFull: false);
        ClaimAfter(1, isFull: true);
        ClaimAfter(19, isFull: false);
        ClaimAfter(1, isFull: true, Task(0, Noon));
        ClaimAfter(29, isFull: false);
    }

    [Fact]
    public void A_task_that_waits_below_a_bookmark_lowers_it_and_one_above_does_not()
    {
        LookDearly(Task(0, Noon), Task(1, Noon));

        _bookmarks.Waits(Task(0, Noon.AddHours(-3)));
        _bookmarks.Waits(Task(1, Noon.AddHours(3)));
        _bookmarks.Waits("other", 1, Noon.AddHours(-9));

        _bookmarks.Begin("n", null)!.Etas.Should().Equal(Noon.AddHours(-3), Noon);
    }

    [Fact]
    public void A_lane_is_forgotten_after_some_minutes()
    {
        LookDearly(Task(0, Noon));
        _clock.Advance(TimeSpan.FromMinutes(6));
        LookDearly(Task(1, Noon));

        _bookmarks.Begin("n", null)!.Priorities.Should().Equal(1);
    }

    [Fact]
    public void A_worker_of_some_names_pauses_after_a_dear_look_in_vain_until_a_task_waits_or_a_second_has_passed()
    {
        LookInVain();
        _bookmarks.Begin("n", Mine).Should().BeNull();
        _bookmarks.Waits(Task(0, Noon));
        _bookmarks.Begin("n", Mine).Should().NotBeNull();

        _clock.Advance(TimeSpan.FromMinutes(1));
        using var late = _bookmarks.Begin("n", Mine)!;
        _bookmarks.Waits(Task(0, Noon));
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        late.End([]);
        _bookmarks.Begin("n", Mine).Should().NotBeNull("a task came in while that look was on its way");

        _clock.Advance(TimeSpan.FromMinutes(1));
        LookInVain();
        _bookmarks.Begin("n", Mine).Should().BeNull();
        _clock.Advance(TimeSpan.FromSeconds(1));
        _bookmarks.Begin("n", Mine).Should().NotBeNull();
    }

    [Fact]
    public void After_a_look_in_vain_word_from_another_process_is_followed_soon_and_a_flood_of_it_costs_a_fifth_of_the_time()
    {
        LookInVain();
        _bookmarks.Begin("n", Mine).Should().BeNull();

        _bookmarks.Hears("n");
        _bookmarks.Begin("n", Mine).Should().BeNull("the look before took 100 ms and has only just ended");
        _clock.Advance(TimeSpan.FromMilliseconds(300));

        LookInVain();
        for (var millisecond = 0; millisecond < 300; millisecond += 10)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(9));
            _bookmarks.Hears("n");
            _bookmarks.Begin("n", Mine).Should().BeNull();
        }
    }

    [Fact]
    public void A_queue_that_a_statement_for_several_did_not_come_to_is_looked_at_in_full_the_next_time()
    {
        LookDearly(Task(0, Noon));
        _clock.Advance(TimeSpan.FromSeconds(5));
        using var look = _bookmarks.Begin("n", null)!;
        look.IsFull.Should().BeTrue();
        _clock.Advance(TimeSpan.FromMilliseconds(100));

        look.NotReached();

        _bookmarks.Begin("n", null)!.IsFull.Should().BeTrue();
    }

    [Fact]
    public void A_look_that_was_dear_for_what_others_claimed_is_not_taken_for_one_in_vain()
    {
        var looks = _bookmarks.Begin([.. Enumerable.Range(1, 100).Select(n => new NamespaceLimit($"n{n}", 1))], Mine);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        foreach (var look in looks)
            look!.End([], looks.Length);

        _bookmarks.Begin("n7", Mine).Should().NotBeNull();
    }

    [Fact]
    public void A_task_that_waits_is_told_to_every_queue_of_its_namespace()
    {
        string[]?[] names = [null, Mine, ["mine", "yours"]];
        foreach (var one in names)
        {
            using var look = _bookmarks.Begin("n", one)!;
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            look.End([Task(0, Noon)]);
        }

        _bookmarks.Waits(Task(0, Noon.AddHours(-1)));

        names.Select(one => _bookmarks.Begin("n", one)!.Etas).Should().AllBeEquivalentTo(new[] { Noon.AddHours(-1) });
    }

    [Fact]
    public void A_task_that_comes_in_while_a_look_is_open_is_not_hidden_by_what_that_look_claims()
    {
        using (var look = _bookmarks.Begin("n", null)!)
        {
            _bookmarks.Waits(Task(0, Noon.AddHours(-1)));
            _bookmarks.Waits(Task(0, Noon.AddHours(-2)));
            _bookmarks.Waits(Task(1, Noon.AddHours(1)));
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            look.End([Task(0, Noon), Task(1, Noon), Task(2, Noon)]);
        }

        _bookmarks.Begin("n", null)!.Etas.Should().Equal(Noon.AddHours(-2), Noon, Noon);
    }

    [Fact]
    public void A_look_that_has_ended_keeps_no_bookmark_back()
    {
        _bookmarks.Begin("n", null)!.Dispose();
        _bookmarks.Waits(Task(0, Noon.AddHours(-1)));

        LookDearly(Task(0, Noon));

        _bookmarks.Begin("n", null)!.Etas.Should().Equal(Noon);
    }

    [Fact]
    public void A_queue_that_nobody_asks_for_is_forgotten_when_somebody_asks_for_another_one()
    {
        LookInVain();
        _clock.Advance(TimeSpan.FromMinutes(6));

        _bookmarks.Begin("other", null)!.Dispose();

        _bookmarks.Begin("n", Mine)!.Dispose();
        _bookmarks.Begin("n", Mine).Should().NotBeNull("what a look in vain cost is forgotten too");
    }

    [Fact]
    public void A_queue_is_not_forgotten_while_a_look_is_open()
    {
        using (var look = _bookmarks.Begin("n", null)!)
        {
            _clock.Advance(TimeSpan.FromMinutes(6));
            _bookmarks.Begin("other", null)!.Dispose();
            look.End([Task(0, Noon)]);
        }

        _bookmarks.Begin("n", null)!.IsFull.Should().BeTrue("the last one began minutes ago");
        _bookmarks.Begin("n", null)!.Etas.Should().Equal(Noon);
    }
}
