using System.Text;
using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using FluentValidation;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class PostTaskTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    private static readonly DateTimeOffset Early = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_post_without_a_key_is_stored_with_what_was_sent_and_the_database_s_time_for_the_rest()
    {
        var before = await eventix.ScalarAsync<DateTimeOffset>("SELECT clock_timestamp()");

        var task = await eventix.Post(
            new NewTask
            {
                Uid = "plain",
                Task = "t",
                Args = """[1.0,  "x"]"""u8.ToArray(),
                Kwargs = """{"b":1,"a":2,"b":3}"""u8.ToArray(),
                Operator = null,
            }
        );

        task.Args.ToArray().Should().Equal("""[1.0,  "x"]"""u8.ToArray());
        task.Kwargs.ToArray().Should().Equal("""{"b":1,"a":2,"b":3}"""u8.ToArray());
        task.Operator.Should().BeNull();
        task.Eta.Should().BeOnOrAfter(before).And.Be(task.CreatedAt).And.Be(task.Scheduled);
        task.RevisionCounter.Should().Be(1);
    }

    [Fact]
    public async Task A_uid_in_use_is_refused_and_nothing_changes()
    {
        var first = await eventix.Post(new NewTask { Uid = "twice", Task = "t" });

        foreach (var key in new[] { null, "a key" })
        {
            var again = () =>
                eventix.Post(
                    new NewTask
                    {
                        Uid = "twice",
                        Task = "u",
                        UniqueKey = key,
                    }
                );

            (await again.Should().ThrowAsync<DomainException>()).Which.Code.Should().Be("AlreadyExists");
        }

        (await eventix.Get("twice")).Revision.Should().Be(first.Revision);
    }

    [Fact]
    public async Task The_hash_of_a_revision_changes_when_a_uid_is_used_again()
    {
        var first = await eventix.Post(new NewTask { Uid = "again", Task = "t" });
        await eventix.Send(new DeleteTask("again"));

        var second = await eventix.Post(new NewTask { Uid = "again", Task = "t" });

        second.RevisionCounter.Should().Be(first.RevisionCounter);
        second.WireRevision.Should().NotBe(first.WireRevision);
    }

    [Fact]
    public async Task A_merge_takes_arguments_status_earlier_eta_and_smaller_priority_and_keeps_the_rest()
    {
        var first = await eventix.Post(
            new NewTask
            {
                Uid = "m1",
                Task = "old",
                UniqueKey = "m",
                Eta = Early.AddDays(1),
                Priority = 5,
                MaxRetries = 3,
                ErrorEtaInc = 60,
                Status = EventixTaskStatus.Retry,
                Result = "1"u8.ToArray(),
                WorkerId = "left behind",
                WorkerExpires = Early,
            }
        );

        var merged = await eventix.Post(
            new NewTask
            {
                Uid = "m2",
                Task = "new",
                UniqueKey = "m",
                Eta = Early,
                Priority = 9,
                MaxRetries = 1,
                Kwargs = """{"v":2}"""u8.ToArray(),
            }
        );

        merged
            .Should()
            .BeEquivalentTo(
                new
                {
                    Uid = "m1",
                    Task = "old",
                    Eta = Early,
                    Priority = 5,
                    MaxRetries = 3,
                    ErrorEtaInc = 15,
                    Status = EventixTaskStatus.Scheduled,
                    WorkerId = (string?)null,
                    WorkerExpires = (DateTimeOffset?)null,
                    RevisionCounter = first.RevisionCounter + 1,
                }
            );
        merged.Kwargs.ToArray().Should().Equal("""{"v":2}"""u8.ToArray());
        merged.Result!.Value.ToArray().Should().Equal("1"u8.ToArray());
    }

    [Theory]
    [InlineData(EventixTaskStatus.Done)]
    [InlineData(EventixTaskStatus.Error)]
    [InlineData(EventixTaskStatus.Processing)]
    public async Task A_post_that_does_not_wait_is_stored_beside_the_waiting_task_of_its_key(EventixTaskStatus status)
    {
        var key = $"beside {status}";
        var waiting = await eventix.Post(new NewTask { Task = "t", UniqueKey = key });

        var stored = await eventix.Post(
            new NewTask
            {
                Task = "t",
                UniqueKey = key,
                Status = status,
            }
        );

        stored.Uid.Should().NotBe(waiting.Uid);
        stored.Status.Should().Be(status);
        (await eventix.Get(waiting.Uid)).Revision.Should().Be(waiting.Revision);
    }

    [Fact]
    public async Task A_running_task_without_a_lease_gets_one_of_300_seconds()
    {
        var task = await eventix.Post(new NewTask { Task = "t", Status = EventixTaskStatus.Processing });

        (task.WorkerExpires - task.CreatedAt).Should().Be(TimeSpan.FromSeconds(300));
    }

    [Fact]
    public async Task Sixty_four_posts_of_one_key_at_once_leave_one_waiting_task_with_the_minima_of_all()
    {
        var posts = Enumerable
            .Range(1, 64)
            .Select(n => new NewTask
            {
                Uid = $"race-{n}",
                Task = "t",
                UniqueKey = "race",
                Priority = (n * 37) % 64,
                Eta = Early.AddMinutes((n * 11) % 64),
                Args = Encoding.UTF8.GetBytes($"[{n}]"),
            })
            .ToList();

        await Task.WhenAll(posts.Select(post => Task.Run(() => eventix.Post(post))));

        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE unique_key = 'race'")).Should().Be(1);
        var stored = await eventix.Get(await eventix.ScalarAsync<string>("SELECT uid FROM eventix_task WHERE unique_key = 'race'"));
        stored.Priority.Should().Be(posts.Min(post => post.Priority));
        stored.Eta.Should().Be(posts.Min(post => post.Eta));
        posts.Select(post => Encoding.UTF8.GetString(post.Args.Span)).Should().Contain(Encoding.UTF8.GetString(stored.Args.Span));
        stored.RevisionCounter.Should().Be(64);
    }

    [Fact]
    public async Task Keyed_posts_claims_and_write_backs_side_by_side_never_leave_two_waiting_tasks_of_one_key()
    {
        using var end = new CancellationTokenSource();
        var two = 0L;
        var watcher = Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
                two += await eventix.ScalarAsync<long>(
                    "SELECT count(*) FROM (SELECT FROM eventix_task WHERE namespace = 'melee' AND status IN ('scheduled', 'retry') GROUP BY unique_key HAVING count(*) > 1) d"
                );
        });

        await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(client =>
                    Task.Run(async () =>
                    {
                        for (var n = 0; n < 150; n++)
                        {
                            if (client < 8)
                            {
                                await eventix.Post(
                                    new NewTask
                                    {
                                        Task = "t",
                                        Namespace = "melee",
                                        UniqueKey = $"k{(n * client) % 6}",
                                        ErrorEtaInc = 0,
                                    }
                                );
                                continue;
                            }

                            var claimed = await eventix.Claim("melee", 3, $"w{client}");
                            await eventix.WriteBacks.WriteBackAsync(
                                [
                                    .. claimed.Select(
                                        (task, i) =>
                                            new TaskWriteBack(
                                                task,
                                                (n + i) % 3 == 0 ? task.Succeed(null)
                                                    : (n + i) % 3 == 1 ? task.Fail("{}"u8.ToArray())
                                                    : task.GiveBack()
                                            )
                                    ),
                                ],
                                default
                            );
                        }
                    })
                )
        );
        await end.CancelAsync();
        await watcher;

        two.Should().Be(0);
        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'melee' AND status = 'processing'"))
            .Should()
            .Be(0);
    }

    [Fact]
    public async Task Text_that_a_row_cannot_hold_is_refused_by_name()
    {
        foreach (
            var (task, field) in new (NewTask, string)[]
            {
                (new NewTask { Task = "a\0b" }, "Task.Task"),
                (new NewTask { Task = "t", Uid = new string('x', EventixTask.MaxKeyBytes + 1) }, "Task.Uid"),
                (new NewTask { Task = "t", UniqueKey = new string('ü', (EventixTask.MaxKeyBytes / 2) + 1) }, "Task.UniqueKey"),
                (new NewTask { Task = "t", Namespace = new string('n', EventixTask.MaxNamespaceBytes + 1) }, "Task.Namespace"),
                (new NewTask { Task = "t", Revision = "1-\0" }, "Task.Revision"),
                (new NewTask { Task = "t", Operator = "\0" }, "Task.Operator"),
                (new NewTask { Task = "t", WorkerId = "\0" }, "Task.WorkerId"),
                (new NewTask { Task = "t", Revision = "9223372036854775807-0123456789abcdef0123456789abcdef" }, "Task.Revision"),
            }
        )
        {
            var post = () => eventix.Post(task);

            (await post.Should().ThrowAsync<ValidationException>())
                .Which.Errors.Should()
                .ContainSingle(error => error.PropertyName == field);
        }
    }

    [Fact]
    public async Task The_longest_texts_that_are_let_in_fit_every_index()
    {
        // Random text, so that PostgreSQL cannot make it shorter.
        static string Long(int bytes) => Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(bytes / 2));
        var (key, name) = (Long(EventixTask.MaxKeyBytes), Long(EventixTask.MaxNamespaceBytes));

        var task = await eventix.Post(
            new NewTask
            {
                Uid = Long(EventixTask.MaxKeyBytes),
                Task = Long(100_000),
                UniqueKey = key,
                Namespace = name,
            }
        );
        var claimed = (await eventix.Claim(name, worker: Long(EventixTask.MaxKeyBytes))).Single();

        claimed.Uid.Should().Be(task.Uid);
        (await eventix.WriteBack(claimed, claimed.Fail("{}"u8.ToArray()))).Should().Be(WriteBackAnswer.Written);
    }
}
