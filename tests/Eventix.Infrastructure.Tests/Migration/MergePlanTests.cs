using System.Text;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Migration;

namespace Eventix.Infrastructure.Tests.Migration;

public sealed class MergePlanTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Dictionary<string, ImportNote> Nothing = [];

    [Fact]
    public void The_older_document_survives_with_what_the_newer_one_brings()
    {
        var older = Document("old", createdAt: 0, eta: 30, priority: 5, EventixTaskStatus.Retry) with
        {
            RevisionCounter = 4,
            ImportedRevision = "4-a",
        };
        var newer = Document("new", createdAt: 1, eta: 10, priority: 7, EventixTaskStatus.Scheduled);

        var plan = MergePlan.Make([newer, older], [], Nothing);

        plan.MergedAway.Should().Equal((newer, "old"));
        var survivor = plan.Inserts.Should().ContainSingle().Subject;
        survivor.Uid.Should().Be("old");
        survivor.Task.Eta.Should().Be(Noon.AddSeconds(10));
        survivor.Task.Priority.Should().Be(5);
        survivor.Task.Status.Should().Be(EventixTaskStatus.Scheduled);
        Text(survivor.Task.Args).Should().Be("""["new"]""");
        Text(survivor.Task.Kwargs).Should().Be("""{"from":"new"}""");
        survivor.RevisionCounter.Should().Be(5, "a merge is a write");
        survivor.ImportedRevision.Should().BeNull("it is no longer what that revision was");
    }

    [Fact]
    public void Nobody_holds_what_was_merged()
    {
        var held = Document("old", 0, 0, 0, EventixTaskStatus.Retry);
        held = held with { Task = held.Task with { WorkerId = "w", WorkerExpires = Noon } };

        var survivor = MergePlan.Make([held, Document("new", 1, 0, 0)], [], Nothing).Inserts.Should().ContainSingle().Subject;

        survivor.Task.WorkerId.Should().BeNull();
        survivor.Task.WorkerExpires.Should().BeNull();
    }

    [Fact]
    public void Two_retries_stay_a_retry() =>
        MergePlan
            .Make([Document("a", 0, 0, 0, EventixTaskStatus.Retry), Document("b", 1, 0, 0, EventixTaskStatus.Retry)], [], Nothing)
            .Inserts.Should()
            .ContainSingle()
            .Which.Task.Status.Should()
            .Be(EventixTaskStatus.Retry);

    [Fact]
    public void Of_two_that_are_equally_old_the_smaller_uid_survives_by_code_point() =>
        MergePlan
            .Make([Document("🚚", 0, 0, 0), Document("\uffee", 0, 0, 0)], [], Nothing)
            .Inserts.Should()
            .ContainSingle()
            .Which.Uid.Should()
            .Be("\uffee", "UTF-16 would sort the surrogates of the truck first");

    [Theory]
    [InlineData(EventixTaskStatus.Done)]
    [InlineData(EventixTaskStatus.Error)]
    [InlineData(EventixTaskStatus.Processing)]
    public void Only_waiting_tasks_merge(EventixTaskStatus status)
    {
        var plan = MergePlan.Make([Document("a", 0, 0, 0), Document("b", 1, 0, 0, status)], [], Nothing);

        plan.Inserts.Select(task => task.Uid).Should().Equal("a", "b");
        plan.MergedAway.Should().BeEmpty();
    }

    [Fact]
    public void Tasks_of_other_keys_or_namespaces_stay_apart_in_the_order_of_the_file()
    {
        var other = Document("c", 2, 0, 0);
        other = other with { Task = other.Task with { Namespace = "other" } };
        var unkeyed = Document("d", 3, 0, 0);
        unkeyed = unkeyed with { Task = unkeyed.Task with { UniqueKey = null } };
        var empty = Document("e", 4, 0, 0);
        empty = empty with { Task = empty.Task with { UniqueKey = "" } };

        var plan = MergePlan.Make([unkeyed, empty, other, Document("a", 0, 0, 0)], [], Nothing);

        plan.Inserts.Select(task => task.Uid).Should().Equal("d", "e", "c", "a");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_outcome_does_not_depend_on_order_and_batches(int seed)
    {
        var random = new Random(seed);
        var documents = Enumerable
            .Range(0, 5)
            .Select(n =>
                Document(
                    $"u{n}",
                    random.Next(4),
                    random.Next(100),
                    random.Next(10),
                    random.Next(2) == 0 ? EventixTaskStatus.Scheduled : EventixTaskStatus.Retry
                )
            )
            .ToArray();
        var expected = ImportInBatches([documents]);

        for (var round = 0; round < 200; round++)
        {
            random.Shuffle(documents);
            var outcome = ImportInBatches(documents.Chunk(1 + random.Next(documents.Length)));

            outcome.Should().Be(expected);
        }
    }

    /// <summary>Applies the plans as the database would, and answers the one row that is left.</summary>
    private static string ImportInBatches(IEnumerable<SourceTask[]> batches)
    {
        EventixTask? row = null;
        var notes = new Dictionary<string, ImportNote>();
        foreach (var batch in batches)
        {
            var plan = MergePlan.Make(batch, row is null ? [] : [row], notes);
            foreach (var insert in plan.Inserts)
                row = Row(insert.AsWaiting(), insert.RevisionCounter);
            foreach (var update in plan.Updates)
                row = Row(update, row!.RevisionCounter + 1);
            foreach (var note in plan.Notes(notes))
                notes[note.Uid] = note;
        }

        return $"{row!.Uid} {row.CreatedAt} {row.Eta} {row.Priority} {row.Status} {Text(row.Args)} {Text(row.Kwargs)}";
    }

    private static EventixTask Row(WaitingTask task, long revision) =>
        new()
        {
            Uid = task.Uid,
            CreatedAt = task.Age.CreatedAt,
            Eta = task.Eta,
            Priority = task.Priority,
            Status = task.Status,
            Args = task.Args,
            Kwargs = task.Kwargs,
            RevisionCounter = revision,
            Namespace = "n",
            UniqueKey = "k",
            Task = "t",
        };

    private static SourceTask Document(
        string uid,
        int createdAt,
        int eta,
        int priority,
        EventixTaskStatus status = EventixTaskStatus.Scheduled
    ) =>
        new(
            new NewTask
            {
                Uid = uid,
                CreatedAt = Noon.AddSeconds(createdAt),
                Eta = Noon.AddSeconds(eta),
                Priority = priority,
                Status = status,
                Namespace = "n",
                UniqueKey = "k",
                Task = "t",
                Args = Encoding.UTF8.GetBytes($"""["{uid}"]"""),
                Kwargs = Encoding.UTF8.GetBytes($$"""{"from":"{{uid}}"}"""),
            },
            UpdatedAt: null,
            RevisionCounter: 1,
            ImportedRevision: null,
            Document: []
        );

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
