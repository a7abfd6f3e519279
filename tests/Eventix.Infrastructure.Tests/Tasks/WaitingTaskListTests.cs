using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Tests.Tasks;

/// <summary>
/// Waiting tasks are listed by a statement of their own. What it answers is what the plain one does, which serves the same list when the state
/// is asked for as one of a set.
/// </summary>
public sealed class WaitingTaskListTests(EventixServices eventix) : IClassFixture<EventixServices>, IAsyncLifetime
{
    // More than a page is guessed by; the first to be claimed arrived last, so the guess is a bad one.
    private const int Waiting = 24_000;
    private const string Namespace = "n";

    private static readonly TaskColumn s_priority = TaskColumn.Find("priority")!;
    private static readonly TaskColumn s_worker = TaskColumn.Find("worker_id")!;
    private static readonly TaskColumn s_key = TaskColumn.Find("unique_key")!;

    // Every seventh carries a worker; every fifth runs.
    public async ValueTask InitializeAsync()
    {
        if (await eventix.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM eventix_task)"))
            return;

        await eventix.ExecuteAsync(
            $"""
            INSERT INTO eventix_task (uid, namespace, task, status, priority, eta, unique_key, worker_id, worker_expires)
            SELECT md5(n::text), CASE WHEN n % 11 = 0 THEN 'other' ELSE '{Namespace}' END, 'task' || n % 3,
                (ARRAY['scheduled', 'scheduled', 'scheduled', 'retry', 'processing'])[n % 5 + 1],
                n % 4, timestamptz '2100-01-01' - n / 3 * interval '1 second', CASE WHEN n % 2 = 0 THEN 'key' || n END,
                CASE WHEN n % 7 = 0 OR n % 5 = 4 THEN 'w' || n % 9 END, timestamptz '2100-01-01'
            FROM generate_series(1, {Waiting}) n;
            ANALYZE eventix_task;
            """
        );
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("scheduled")]
    [InlineData("retry")]
    public async Task Every_waiting_task_is_listed_once_with_and_without_a_worker(string status)
    {
        var whole = await AskAsync(Of(status, limit: 0));

        whole.Tasks.Should().OnlyHaveUniqueItems(task => task.Uid).And.BeInAscendingOrder(task => task.Id);
        whole.Tasks.Should().Contain(task => task.WorkerId == null).And.Contain(task => task.WorkerId != null);
        whole
            .Total.Should()
            .Be(whole.Tasks.Count)
            .And.Be(
                await eventix.ScalarAsync<long>(
                    $"SELECT count(*) FROM eventix_task WHERE namespace = '{Namespace}' AND status = '{status}'"
                )
            );
    }

    [Theory]
    [InlineData("scheduled", 997)]
    [InlineData("retry", 300)]
    public async Task Pages_that_go_on_after_one_another_make_the_whole_list(string status, int limit)
    {
        var whole = await AskAsync(Of(status, limit: 0));

        var pages = new List<string>();
        TaskCursor? after = null;
        do
        {
            var page = await AskAsync(Of(status, limit) with { After = after });
            page.Total.Should().Be(whole.Total);
            pages.AddRange(page.Uids);
            after = page.Next;
        } while (after is not null);

        pages.Should().Equal(whole.Uids);
    }

    public static TheoryData<int, int, long?> Parts { get; } =
        new()
        {
            { 0, 1, null },
            { 0, 100, null },
            { 3, 10, 20_000 },
            { 5000, 7, null },
            { 9990, 20, null },
            { 0, 50_000, null },
            { 50_000, 5, null },
            { int.MaxValue, int.MaxValue, null },
            { 0, 50, 12_000 },
            { 0, 50, Waiting - 20 },
            { 2, 0, 23_000 },
        };

    [Theory]
    [MemberData(nameof(Parts))]
    public async Task Any_part_of_the_list_is_that_of_the_plain_statement(int skip, int limit, long? afterId)
    {
        var after = afterId is { } id ? new TaskCursor(0, default, id, "") : null;

        var (part, plain) = await AskBothAsync(Of("scheduled", limit) with { Skip = skip, After = after });

        part.Uids.Should().Equal(plain.Uids);
        part.Total.Should().Be(plain.Total);
        part.Next.Should().Be(plain.Next);
    }

    public static TheoryData<string> Sorts { get; } =
    ["priority", "-priority,eta", "-eta", "worker_id,-priority", "-unique_key", "status,-uid"];

    [Theory]
    [MemberData(nameof(Sorts))]
    public async Task A_sorted_list_is_that_of_the_plain_statement(string sort)
    {
        TaskSort[] sorts = [.. sort.Split(',').Select(name => new TaskSort(TaskColumn.Find(name.TrimStart('-'))!, name.StartsWith('-')))];

        var (sorted, plain) = await AskBothAsync(Of("scheduled", limit: 30) with { Skip = 40, Sort = sorts });

        sorted.Uids.Should().HaveCount(30).And.Equal(plain.Uids);
    }

    public static TheoryData<string, TaskFilter> Filters { get; } =
        new()
        {
            { "free", new TaskFilter.Equal(s_worker, null) },
            { "held", new TaskFilter.Exists(s_worker) },
            { "one name", new TaskFilter.Equal(TaskColumn.Task, "task1") },
            { "a rare one", new TaskFilter.Equal(s_key, "key17142") },
            { "none", new TaskFilter.Equal(s_key, "nobody") },
            { "another state", new TaskFilter.Equal(TaskColumn.Status, "processing") },
            { "deeper", new TaskFilter.All([new TaskFilter.All([new TaskFilter.Compare(s_priority, TaskFilter.Comparison.Greater, 1L)])]) },
            { "either", new TaskFilter.Any([new TaskFilter.Equal(s_worker, "w3"), new TaskFilter.Equal(s_priority, 3L)]) },
        };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task A_filtered_list_is_that_of_the_plain_statement(string name, TaskFilter filter)
    {
        foreach (var order in Enum.GetValues<TaskOrder>())
        {
            var list = Of("scheduled", limit: 500, filter) with { Skip = 1, Order = order };
            var (filtered, plain) = await AskBothAsync(list);

            filtered.Uids.Should().Equal(plain.Uids, "{0}, {1}", name, order);
            filtered.Total.Should().Be(plain.Total, "{0}, {1}", name, order);
        }
    }

    [Fact]
    public async Task A_list_of_all_namespaces_is_that_of_the_plain_statement()
    {
        var list = Of("retry", limit: 600) with { Filter = new TaskFilter.Equal(TaskColumn.Status, "retry"), Skip = 10 };

        var (everywhere, plain) = await AskBothAsync(list);

        everywhere.Tasks.Select(task => task.Namespace).Distinct().Should().BeEquivalentTo(Namespace, "other");
        everywhere.Uids.Should().Equal(plain.Uids);
        everywhere.Total.Should().Be(plain.Total);
    }

    private static ListTasks Of(string status, int limit, TaskFilter? more = null)
    {
        TaskFilter[] filters = [new TaskFilter.Equal(TaskColumn.Status, status), new TaskFilter.Equal(TaskColumn.Namespace, Namespace)];

        return new ListTasks(
            new TaskFilter.All(more is null ? filters : [.. filters, more]),
            TaskOrder.Arrival,
            [],
            After: null,
            Skip: 0,
            limit
        );
    }

    private async Task<(Answer Own, Answer Plain)> AskBothAsync(ListTasks list) =>
        (await AskAsync(list), await AskAsync(list with { Filter = Plainly(list.Filter) }));

    private static TaskFilter Plainly(TaskFilter filter) =>
        filter switch
        {
            TaskFilter.All all => new TaskFilter.All([.. all.Filters.Select(Plainly)]),
            TaskFilter.Equal equal when equal.Column == TaskColumn.Status => new TaskFilter.In(TaskColumn.Status, [equal.Value]),
            _ => filter,
        };

    private async Task<Answer> AskAsync(ListTasks list)
    {
        await using var page = await eventix.Send(list);

        var tasks = new List<EventixTask>();
        await foreach (var task in page.ReadAsync(TestContext.Current.CancellationToken))
            tasks.Add(task);

        return new Answer(tasks, await page.CountAsync(TestContext.Current.CancellationToken), page.Next);
    }

    private sealed record Answer(List<EventixTask> Tasks, long Total, TaskCursor? Next)
    {
        public IEnumerable<string> Uids => Tasks.Select(task => task.Uid);
    }
}
