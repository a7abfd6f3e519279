using System.Text.Json;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class TaskWriteBacksTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    private static readonly byte[] Error = """{"error_class":"ValueError"}"""u8.ToArray();

    private async Task<EventixTask> Claimed(NewTask task)
    {
        await eventix.Post(task with { Namespace = task.Uid });
        return await eventix.ClaimOne(task.Uid);
    }

    [Fact]
    public async Task A_success_is_stored_and_expires_from_now()
    {
        var claimed = await Claimed(
            new NewTask
            {
                Uid = "ok",
                Task = "t",
                ResultExpires = 60,
                Result = "\"old\""u8.ToArray(),
            }
        );

        (await eventix.WriteBack(claimed, claimed.Succeed("""{"a":1.0}"""u8.ToArray()))).Should().Be(WriteBackAnswer.Written);

        var stored = await eventix.Get("ok");
        stored
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = EventixTaskStatus.Done,
                    WorkerExpires = (DateTimeOffset?)null,
                    claimed.WorkerId,
                    RevisionCounter = claimed.RevisionCounter + 1,
                }
            );
        (stored.Expires - stored.UpdatedAt).Should().Be(TimeSpan.FromSeconds(60));
        stored.Result!.Value.ToArray().Should().Equal("""{"a":1.0}"""u8.ToArray());
    }

    [Fact]
    public async Task A_success_without_a_value_clears_the_error_of_an_earlier_attempt()
    {
        var claimed = await Claimed(
            new NewTask
            {
                Uid = "null",
                Task = "t",
                Result = Error,
                ResultExpires = null,
            }
        );

        await eventix.WriteBack(claimed, claimed.Succeed(null));

        (await eventix.Get("null")).Should().BeEquivalentTo(new { Result = (ReadOnlyMemory<byte>?)null, Expires = (DateTimeOffset?)null });
    }

    [Theory]
    [InlineData("not stored", false, 60)]
    [InlineData("expires at once", true, 0)]
    public async Task What_is_not_to_be_kept_is_deleted(string uid, bool storeResult, int resultExpires)
    {
        var claimed = await Claimed(
            new NewTask
            {
                Uid = uid,
                Task = "t",
                StoreResult = storeResult,
                ResultExpires = resultExpires,
            }
        );

        (await eventix.WriteBack(claimed, claimed.Succeed("1"u8.ToArray()))).Should().Be(WriteBackAnswer.Deleted);

        (await eventix.Send(new GetTask(uid))).Should().BeNull();
    }

    [Fact]
    public async Task A_failure_waits_for_its_retry_with_the_next_delay_doubled()
    {
        var claimed = await Claimed(
            new NewTask
            {
                Uid = "retry",
                Task = "t",
                MaxRetries = 2,
                ErrorEtaInc = 40,
                ErrorEtaMax = 60,
            }
        );

        await eventix.WriteBack(claimed, claimed.Fail(Error));

        var stored = await eventix.Get("retry");
        stored
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = EventixTaskStatus.Retry,
                    MaxRetries = 1,
                    ErrorEtaInc = 60,
                    WorkerId = (string?)null,
                    WorkerExpires = (DateTimeOffset?)null,
                    Attempt = 1,
                }
            );
        (stored.Eta - stored.UpdatedAt).Should().Be(TimeSpan.FromSeconds(40));
        stored.Result!.Value.ToArray().Should().Equal(Error);
    }

    [Fact]
    public async Task The_last_failure_ends_the_task_and_keeps_it_as_long_as_asked()
    {
        var claimed = await Claimed(
            new NewTask
            {
                Uid = "failed",
                Task = "t",
                MaxRetries = 0,
                ErrorExpires = 30,
            }
        );

        await eventix.WriteBack(claimed, claimed.Fail(Error));

        var stored = await eventix.Get("failed");
        stored.Should().BeEquivalentTo(new { Status = EventixTaskStatus.Error, claimed.WorkerId });
        (stored.Expires - stored.UpdatedAt).Should().Be(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_task_that_is_given_back_is_as_it_was_before_the_claim()
    {
        var before = await eventix.Post(
            new NewTask
            {
                Uid = "back",
                Task = "t",
                Namespace = "back",
                UniqueKey = "k",
                MaxRetries = 4,
                ErrorEtaInc = 7,
                Result = Error,
            }
        );
        var claimed = await eventix.ClaimOne("back");

        await eventix.WriteBack(claimed, claimed.GiveBack());

        (await eventix.Get("back"))
            .Should()
            .BeEquivalentTo(
                before,
                options =>
                    options
                        .Excluding(task => task.RevisionCounter)
                        .Excluding(task => task.Revision)
                        .Excluding(task => task.WireRevision)
                        .Excluding(task => task.UpdatedAt)
                        .Excluding(task => task.Args)
                        .Excluding(task => task.Kwargs)
                        .Excluding(task => task.Result)
            );
        (await eventix.Claim("back")).Should().ContainSingle();
    }

    [Fact]
    public async Task A_task_that_was_asked_to_stop_and_is_given_back_ends_and_one_with_an_outcome_keeps_it()
    {
        foreach (var key in new[] { null, "k" })
        {
            var back = await Claimed(
                new NewTask
                {
                    Uid = $"stopped {key}",
                    Task = "t",
                    UniqueKey = key,
                }
            );
            await eventix.Send(new CancelTask(back.Uid));
            (await eventix.WriteBack(back, back.GiveBack())).Should().Be(WriteBackAnswer.Written);
            (await eventix.Get(back.Uid)).Status.Should().Be(EventixTaskStatus.Error);

            var retried = await Claimed(
                new NewTask
                {
                    Uid = $"retried {key}",
                    Task = "t",
                    UniqueKey = key,
                }
            );
            await eventix.Send(new CancelTask(retried.Uid));
            (await eventix.WriteBack(retried, retried.Fail(Error))).Should().Be(WriteBackAnswer.Written);
            (await eventix.Get(retried.Uid)).Status.Should().Be(EventixTaskStatus.Retry);
        }
    }

    [Fact]
    public async Task A_retry_with_a_key_keeps_every_column_that_it_does_not_change()
    {
        // Out of the table and in again: a column that the statement forgets would fall back to its default.
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, namespace, unique_key, created_at, scheduled, version, error_eta_max, error_expires, result_expires,
                retry, store_result, operator, args, kwargs, lost_leases, priority, max_retries, error_eta_inc, attempt, revision, expires)
            VALUES ('all', 'every column', 'all', 'all', '2001-01-01', '2002-02-02', 2, 111, 222, 333, true, false, 'op', '[1]', '{"a": 1}', 3, -4, 5, 6,
                7, 8, '2099-09-09')
            """
        );
        var claimed = await eventix.ClaimOne("all");
        await eventix.ExecuteAsync("UPDATE eventix_task SET progress = 40, progress_message = 'so far' WHERE uid = 'all'");

        await eventix.WriteBack(claimed, claimed.Fail(Error));

        const string Changed = "revision, updated_at, status, worker_id, worker_expires, eta, max_retries, error_eta_inc, result";
        var row = JsonDocument
            .Parse(await eventix.ScalarAsync<string>("SELECT row_to_json(t)::text FROM eventix_task t WHERE uid = 'all'"))
            .RootElement;
        foreach (
            var (column, value) in new Dictionary<string, string>
            {
                ["uid"] = "\"all\"",
                ["task"] = "\"every column\"",
                ["namespace"] = "\"all\"",
                ["unique_key"] = "\"all\"",
                ["version"] = "2",
                ["error_eta_max"] = "111",
                ["error_expires"] = "222",
                ["result_expires"] = "333",
                ["retry"] = "true",
                ["store_result"] = "false",
                ["operator"] = "\"op\"",
                ["args"] = "[1]",
                ["kwargs"] = """{"a": 1}""",
                ["lost_leases"] = "3",
                ["priority"] = "-4",
                ["attempt"] = "8",
                ["id"] = $"{claimed.Id}",
                ["imported_revision"] = "null",
                ["cancel_requested_at"] = "null",
                ["claim_id"] = "null",
                ["progress"] = "40",
                ["progress_message"] = "\"so far\"",
            }
        )
            row.GetProperty(column).GetRawText().Should().Be(value, column);
        (await eventix.Get("all"))
            .Should()
            .BeEquivalentTo(
                new
                {
                    claimed.CreatedAt,
                    claimed.Scheduled,
                    claimed.Expires,
                    MaxRetries = 4,
                    ErrorEtaInc = 12,
                    RevisionCounter = 10L,
                }
            );
        row.EnumerateObject()
            .Select(column => column.Name)
            .Should()
            .HaveCount(34, $"a new column belongs into ReturnToWaiting, here, or among those that change: {Changed}");
    }

    [Fact]
    public async Task One_stale_outcome_leaves_its_neighbours_alone()
    {
        var claimed = new[]
        {
            await Claimed(new NewTask { Uid = "n1", Task = "t" }),
            await Claimed(new NewTask { Uid = "n2", Task = "t" }),
            await Claimed(new NewTask { Uid = "n3", Task = "t" }),
        };
        await eventix.Send(new DeleteTask("n2"));
        await eventix.Post(
            new NewTask
            {
                Uid = "n2",
                Task = "t",
                Revision = claimed[1].WireRevision,
            }
        );

        var answers = await eventix.WriteBacks.WriteBackAsync(
            [.. claimed.Select(task => new TaskWriteBack(task, task.Succeed("1"u8.ToArray())))],
            default
        );

        answers.Should().Equal(WriteBackAnswer.Written, WriteBackAnswer.Stale, WriteBackAnswer.Written);
        (await eventix.Get("n2")).Status.Should().Be(EventixTaskStatus.Scheduled);
    }

    [Fact]
    public async Task Of_several_tasks_of_a_key_that_return_together_the_oldest_goes_on_and_the_others_are_superseded()
    {
        var claimed = new List<EventixTask>();
        for (var n = 0; n < 3; n++)
        {
            await eventix.Post(
                new NewTask
                {
                    Uid = $"together-{n}",
                    Task = "t",
                    Namespace = "together",
                    UniqueKey = "k",
                    Priority = 3 - n,
                    ErrorEtaInc = 100 - n,
                }
            );
            claimed.Add(await eventix.ClaimOne("together"));
        }

        var answers = await eventix.WriteBacks.WriteBackAsync(
            [.. claimed.Select(task => new TaskWriteBack(task, task.Fail(Error)))],
            default
        );

        answers.Should().Equal(WriteBackAnswer.Written, WriteBackAnswer.Superseded, WriteBackAnswer.Superseded);
        var survivor = await eventix.Get("together-0");
        survivor.Should().BeEquivalentTo(new { Status = EventixTaskStatus.Retry, Priority = 1 });
        (survivor.Eta - survivor.UpdatedAt).Should().Be(TimeSpan.FromSeconds(98));
        var superseded = await eventix.Get("together-2");
        superseded.Should().BeEquivalentTo(new { Status = EventixTaskStatus.Error, RevisionCounter = claimed[2].RevisionCounter + 1 });
        JsonDocument
            .Parse(superseded.Result!.Value)
            .RootElement.GetProperty("error_payload")
            .GetProperty("result")
            .GetProperty("error_class")
            .GetString()
            .Should()
            .Be("ValueError");
    }

    [Fact]
    public async Task A_retry_is_superseded_by_the_task_that_waits_under_its_key_and_hastens_it()
    {
        var claimed = await Claimed(
            new NewTask
            {
                Uid = "hasten",
                Task = "t",
                UniqueKey = "k",
                Priority = -1,
                ErrorEtaInc = 0,
            }
        );
        var waiting = await eventix.Post(
            new NewTask
            {
                Uid = "hasten-2",
                Task = "t",
                Namespace = "hasten",
                UniqueKey = "k",
                Eta = DateTimeOffset.UtcNow.AddDays(1),
            }
        );

        (await eventix.WriteBack(claimed, claimed.Fail(Error))).Should().Be(WriteBackAnswer.Superseded);

        var hastened = await eventix.Get("hasten-2");
        hastened.Priority.Should().Be(-1);
        hastened.Eta.Should().BeBefore(waiting.Eta);
        hastened.RevisionCounter.Should().Be(waiting.RevisionCounter + 1);
    }
}
