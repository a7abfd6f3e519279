using Eventix.Application.Tasks;
using Eventix.Domain;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class DeleteTaskTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    [Fact]
    public async Task A_missing_task_is_told()
    {
        var delete = () => eventix.Send(new DeleteTask("missing"));

        (await delete.Should().ThrowAsync<DomainException>()).Which.Code.Should().Be("NotFound");
    }

    [Fact]
    public async Task A_delete_that_waits_for_a_row_which_goes_out_and_in_again_deletes_the_task_all_the_same()
    {
        await eventix.Post(new NewTask { Uid = "moving", Task = "t" });
        await using var other = await eventix.DataSource.OpenConnectionAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await using (
            var move = new NpgsqlCommand(
                "WITH taken AS (DELETE FROM eventix_task WHERE uid = 'moving' RETURNING uid, task) INSERT INTO eventix_task (uid, task) SELECT * FROM taken",
                other,
                transaction
            )
        )
            await move.ExecuteNonQueryAsync();

        var delete = eventix.Send(new DeleteTask("moving"));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (
            await eventix.ScalarAsync<long>(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ) == 0
        )
            await timer.WaitForNextTickAsync();
        await transaction.CommitAsync();
        await delete;

        (await eventix.Send(new GetTask("moving"))).Should().BeNull();
    }
}
