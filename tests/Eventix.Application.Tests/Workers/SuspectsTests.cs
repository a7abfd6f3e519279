using Eventix.Application.Workers;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Tests.Workers;

public sealed class SuspectsTests
{
    private static readonly Suspects Suspects = new(maxLostLeases: 5);

    private static EventixTask Task(string uid, int lostLeases) =>
        new()
        {
            Uid = uid,
            Task = "t",
            LostLeases = lostLeases,
        };

    [Fact]
    public void Tasks_that_lost_one_lease_run_like_any_other()
    {
        EventixTask[] claimed = [Task("a", 0), Task("b", 1), Task("c", 1)];

        Suspects.Divide(claimed, holdsOne: true).Should().BeEquivalentTo((claimed, Array.Empty<object>()));
    }

    [Fact]
    public void A_single_suspect_may_run_beside_others() =>
        Suspects.Divide([Task("a", 0), Task("b", 2)], holdsOne: false).Run.Select(task => task.Uid).Should().Equal("a", "b");

    [Fact]
    public void Beside_a_suspect_that_is_held_already_none_is_begun()
    {
        var (run, giveBack) = Suspects.Divide([Task("a", 0), Task("b", 2), Task("c", 4)], holdsOne: true);

        run.Select(task => task.Uid).Should().Equal("a");
        giveBack
            .Select(item => (item.Claimed.Uid, item.Outcome.Status, item.Outcome.RetryIn))
            .Should()
            .Equal(("b", EventixTaskStatus.Scheduled, 1), ("c", EventixTaskStatus.Scheduled, 1));
    }

    [Fact]
    public void Of_several_suspects_the_first_is_due_at_once_once_the_others_are_out_of_the_way()
    {
        var (run, giveBack) = Suspects.Divide([Task("a", 2), Task("b", 0), Task("c", 3)], holdsOne: false);

        run.Select(task => task.Uid).Should().Equal("b");
        giveBack.Select(item => (item.Claimed.Uid, item.Outcome.RetryIn)).Should().Equal(("c", 1), ("a", null));
    }

    [Theory]
    [InlineData(0, 100, false)]
    [InlineData(2, 1, true)]
    [InlineData(3, 1, false)]
    [InlineData(3, 2, true)]
    [InlineData(100, 2, true)]
    public void The_last_chance_is_always_had_alone(int maxLostLeases, int lostLeases, bool isSuspect) =>
        new Suspects(maxLostLeases).Includes(Task("a", lostLeases)).Should().Be(isSuspect);
}
