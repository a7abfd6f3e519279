using Eventix.Application.Tasks;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class RescheduleTaskTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    [Fact]
    public async Task Whoever_waits_for_tasks_hears_of_a_rescheduled_one()
    {
        var told = new List<string>();
        eventix.Services.GetRequiredService<TaskArrivals>().Arrived += told.Add;
        await eventix.Post(Failed("heard"));

        await eventix.Send(new RescheduleTask("heard", Eta: null));

        told.Should().Equal("reschedule");
    }

    [Fact]
    public async Task An_imported_task_loses_the_revision_of_the_old_server()
    {
        await eventix.Post(Failed("imported"));
        await eventix.ExecuteAsync("UPDATE eventix_task SET imported_revision = '9-abc', revision = 9 WHERE uid = 'imported'");

        var rescheduled = await eventix.Send(new RescheduleTask("imported", Eta: null));

        rescheduled.WireRevision.Should().Be(new Revision(rescheduled.Id, 10).ToString());
        (await eventix.Get("imported")).WireRevision.Should().Be(rescheduled.WireRevision);
    }

    [Fact]
    public async Task A_task_that_was_replaced_meanwhile_is_not_overwritten()
    {
        await eventix.Post(Failed("replaced"));
        await using var scope = eventix.Services.CreateAsyncScope();
        var tasks = scope.ServiceProvider.GetRequiredService<ITaskStore>();
        var found = (await tasks.FindAsync("replaced", TestContext.Current.CancellationToken))!;

        // The same uid and the same counter, but another task.
        await eventix.ExecuteAsync("DELETE FROM eventix_task WHERE uid = 'replaced'");
        var other = await eventix.Post(Failed("replaced"));
        found.Reschedule(eta: null, other.UpdatedAt);

        (await tasks.TrySaveAsync(found, TestContext.Current.CancellationToken)).Should().BeFalse();
        (await eventix.Get("replaced")).WireRevision.Should().Be(other.WireRevision);
    }

    private static NewTask Failed(string uid) =>
        new()
        {
            Uid = uid,
            Task = "t",
            Namespace = "reschedule",
            Status = EventixTaskStatus.Error,
        };
}
