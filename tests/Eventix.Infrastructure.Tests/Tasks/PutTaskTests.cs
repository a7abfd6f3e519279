using System.Text.Json;
using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class PutTaskTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    private static readonly DateTimeOffset Early = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_put_with_the_stored_revision_replaces_the_whole_task()
    {
        var posted = await eventix.Post(
            new NewTask
            {
                Uid = "p1",
                Task = "old",
                UniqueKey = "p1",
                MaxRetries = 3,
                Kwargs = """{"a":1}"""u8.ToArray(),
            }
        );

        var put = await eventix.Send(
            new PutTask(
                new NewTask
                {
                    Uid = "p1",
                    Task = "new",
                    Revision = posted.WireRevision,
                }
            )
        );

        put.Should()
            .BeEquivalentTo(
                new
                {
                    Task = "new",
                    UniqueKey = (string?)null,
                    MaxRetries = (int?)null,
                    RevisionCounter = 2L,
                    posted.Id,
                }
            );
        put.Kwargs.ToArray().Should().Equal("{}"u8.ToArray());
    }

    [Fact]
    public async Task A_put_creates_a_missing_task_and_counts_on_from_the_sent_revision()
    {
        var put = await eventix.Send(
            new PutTask(
                new NewTask
                {
                    Uid = "p2",
                    Task = "t",
                    Revision = "5-0123456789abcdef0123456789abcdef",
                }
            )
        );

        put.RevisionCounter.Should().Be(6);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("abc")]
    [InlineData("1-0123456789abcdef0123456789abcdef")]
    public async Task A_put_with_another_revision_changes_nothing_and_tells_the_stored_one(string? revision)
    {
        var uid = $"p3 {revision}";
        var posted = await eventix.Post(new NewTask { Uid = uid, Task = "t" });

        var put = () =>
            eventix.Send(
                new PutTask(
                    new NewTask
                    {
                        Uid = uid,
                        Task = "u",
                        Revision = revision,
                    }
                )
            );

        (await put.Should().ThrowAsync<DomainException>()).Which.Payload.Should().Equal(("revision", posted.WireRevision));
        (await eventix.Get(uid)).Task.Should().Be("t");
    }

    [Fact]
    public async Task The_revision_of_an_earlier_task_of_the_uid_does_not_match_though_its_counter_does()
    {
        var first = await eventix.Post(new NewTask { Uid = "p4", Task = "first" });
        await eventix.Send(new DeleteTask("p4"));
        await eventix.Post(new NewTask { Uid = "p4", Task = "second" });

        var late = () =>
            eventix.Send(
                new PutTask(
                    new NewTask
                    {
                        Uid = "p4",
                        Task = "late",
                        Revision = first.WireRevision,
                    }
                )
            );

        await late.Should().ThrowAsync<DomainException>();
    }

    [Fact]
    public async Task An_imported_task_is_written_back_under_the_revision_of_the_old_server_once()
    {
        const string Old = "7-00112233445566778899aabbccddeeff";
        await eventix.ExecuteAsync($"INSERT INTO eventix_task (uid, task, revision, imported_revision) VALUES ('p5', 't', 7, '{Old}')");
        (await eventix.Get("p5")).WireRevision.Should().Be(Old);

        var put = await eventix.Send(
            new PutTask(
                new NewTask
                {
                    Uid = "p5",
                    Task = "t",
                    Revision = Old,
                }
            )
        );
        var again = () =>
            eventix.Send(
                new PutTask(
                    new NewTask
                    {
                        Uid = "p5",
                        Task = "t",
                        Revision = Old,
                    }
                )
            );

        put.WireRevision.Should().StartWith("8-").And.NotBe(Old);
        await again.Should().ThrowAsync<DomainException>();
    }

    [Fact]
    public async Task A_write_back_that_waits_again_is_superseded_by_the_waiting_task_of_its_key()
    {
        await eventix.Post(
            new NewTask
            {
                Uid = "claimed",
                Task = "t",
                Namespace = "put",
                UniqueKey = "k",
                Priority = 1,
            }
        );
        var claimed = await eventix.ClaimOne("put");
        var waiting = await eventix.Post(
            new NewTask
            {
                Uid = "waiting",
                Task = "t",
                Namespace = "put",
                UniqueKey = "k",
                Priority = 5,
                Eta = Early.AddDays(1),
            }
        );

        var put = await eventix.Send(
            new PutTask(
                new NewTask
                {
                    Uid = "claimed",
                    Task = "t",
                    Namespace = "put",
                    UniqueKey = "k",
                    Priority = 1,
                    Eta = Early,
                    Status = EventixTaskStatus.Retry,
                    Revision = claimed.WireRevision,
                    Result = """{"error_class":"ValueError"}"""u8.ToArray(),
                }
            )
        );

        put.Status.Should().Be(EventixTaskStatus.Error);
        put.RevisionCounter.Should().Be(claimed.RevisionCounter + 1);
        put.WorkerExpires.Should().BeNull();
        var error = JsonDocument.Parse(put.Result!.Value).RootElement;
        error
            .EnumerateObject()
            .Select(key => key.Name)
            .Should()
            .Equal("error_class", "error_message", "error_status_code", "error_traceback", "error_payload");
        error.GetProperty("error_class").GetString().Should().Be("Superseded");
        error.GetProperty("error_payload").GetProperty("result").GetProperty("error_class").GetString().Should().Be("ValueError");
        (await eventix.Get("waiting"))
            .Should()
            .BeEquivalentTo(
                new
                {
                    Eta = Early,
                    Priority = 1,
                    RevisionCounter = waiting.RevisionCounter + 1,
                    Status = EventixTaskStatus.Scheduled,
                }
            );
    }

    [Fact]
    public async Task Any_other_put_that_would_be_a_second_waiting_task_of_its_key_is_refused()
    {
        await eventix.Post(
            new NewTask
            {
                Uid = "holder",
                Task = "t",
                UniqueKey = "other",
            }
        );
        var finished = await eventix.Post(
            new NewTask
            {
                Uid = "finished",
                Task = "t",
                UniqueKey = "other",
                Status = EventixTaskStatus.Done,
            }
        );

        foreach (var (uid, revision) in new[] { ("finished", finished.WireRevision), ("missing", null) })
        {
            var put = () =>
                eventix.Send(
                    new PutTask(
                        new NewTask
                        {
                            Uid = uid,
                            Task = "t",
                            UniqueKey = "other",
                            Revision = revision,
                        }
                    )
                );

            (await put.Should().ThrowAsync<DomainException>()).Which.Code.Should().Be("TaskNotUnique");
        }

        (await eventix.Get("finished")).Revision.Should().Be(finished.Revision);
        (await eventix.Send(new GetTask("missing"))).Should().BeNull();
    }

    [Fact]
    public async Task Of_many_puts_with_one_revision_exactly_one_wins()
    {
        var posted = await eventix.Post(new NewTask { Uid = "p6", Task = "t" });

        var wins = await Task.WhenAll(
            Enumerable
                .Range(0, 32)
                .Select(n =>
                    Task.Run(async () =>
                    {
                        try
                        {
                            await eventix.Send(
                                new PutTask(
                                    new NewTask
                                    {
                                        Uid = "p6",
                                        Task = $"writer {n}",
                                        Revision = posted.WireRevision,
                                    }
                                )
                            );
                            return 1;
                        }
                        catch (DomainException conflict) when (conflict.Code == "RevisionConflict")
                        {
                            return 0;
                        }
                    })
                )
        );

        wins.Sum().Should().Be(1);
        (await eventix.Get("p6")).RevisionCounter.Should().Be(2);
    }
}
