using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class TaskProgressTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    private Task<bool> Report(EventixTask claimed, int percent, string? message = null) =>
        eventix
            .Services.GetRequiredService<ITaskProgress>()
            .WriteAsync(claimed, new ProgressReport(percent, message), CancellationToken.None);

    private async Task<EventixTask> Claimed(string uid, string? uniqueKey = null)
    {
        await eventix.Post(
            new NewTask
            {
                Uid = uid,
                Task = "work",
                Namespace = uid,
                UniqueKey = uniqueKey,
            }
        );
        return await eventix.ClaimOne(uid);
    }

    [Fact]
    public async Task A_report_stands_in_the_row_and_the_claim_can_still_be_written_back()
    {
        var claimed = await Claimed("reports");

        (await Report(claimed, 10)).Should().BeTrue();
        (await Report(claimed, 40, "4 of 10")).Should().BeTrue();

        var stored = await eventix.Get("reports");
        stored
            .Should()
            .BeEquivalentTo(
                new
                {
                    Progress = (short)40,
                    ProgressMessage = "4 of 10",
                    claimed.WireRevision,
                    claimed.UpdatedAt,
                }
            );
        (await eventix.WriteBack(claimed, claimed.Succeed(null))).Should().Be(WriteBackAnswer.Written);
        (await eventix.Get("reports")).Progress.Should().Be(40);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("key")]
    public async Task The_next_claim_begins_without_the_report_of_the_last_one(string? uniqueKey)
    {
        var uid = $"again {uniqueKey}";
        var claimed = await Claimed(uid, uniqueKey);
        await Report(claimed, 90, "nearly");
        await eventix.WriteBack(claimed, claimed.RetryAfter("{}"u8.ToArray(), 0));
        (await eventix.Get(uid)).Should().BeEquivalentTo(new { Progress = (short)90, ProgressMessage = "nearly" });

        var again = await eventix.ClaimOne(uid);

        again.Should().BeEquivalentTo(new { Progress = (short?)null, ProgressMessage = (string?)null });
        (await Report(claimed, 91, "late")).Should().BeFalse();
        (await eventix.Get(uid)).Progress.Should().BeNull();
    }

    [Fact]
    public async Task Nobody_reports_on_a_task_that_has_ended()
    {
        var claimed = await Claimed("ended");
        await eventix.WriteBack(claimed, claimed.Succeed(null));

        (await Report(claimed, 100)).Should().BeFalse();
    }

    [Fact]
    public async Task Text_that_a_column_cannot_hold_is_made_to_fit()
    {
        var claimed = await Claimed("odd");

        await Report(claimed, 1, "a\0b\ud800c");
        (await eventix.Get("odd")).ProgressMessage.Should().Be("a\uFFFDb\uFFFDc");

        await Report(claimed, 2, new string('ä', 100_000));
        (await eventix.Get("odd")).ProgressMessage.Should().Be(new string('ä', 499) + "…");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(101)]
    public async Task A_percentage_is_from_0_to_100(int percent)
    {
        FluentActions.Invoking(() => new ProgressReport(percent, null)).Should().Throw<ArgumentOutOfRangeException>();
        await FluentActions
            .Awaiting(() => eventix.ExecuteAsync($"INSERT INTO eventix_task (uid, task, progress) VALUES ('p{percent}', 't', {percent})"))
            .Should()
            .ThrowAsync<PostgresException>()
            .Where(refused => refused.ConstraintName == "ck_eventix_task_progress");
    }
}
