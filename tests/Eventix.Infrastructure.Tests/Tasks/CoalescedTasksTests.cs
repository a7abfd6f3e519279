using System.Text;
using System.Text.Json;
using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Tasks;

/// <summary>Requests that come one by one at the same time: they share statements, and nothing else.</summary>
public sealed class CoalescedTasksTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    private const int Requests = 200;

    // Deeper than PostgreSQL's stack; everything else takes it.
    private static readonly byte[] Refused = [.. Enumerable.Repeat((byte)'[', 200_000), .. Enumerable.Repeat((byte)']', 200_000)];

    [Fact]
    public async Task Posts_and_puts_at_the_same_time_share_transactions_and_each_has_its_own_answer()
    {
        var posted = await PostAllAsync(Enumerable.Range(0, Requests).Select(n => Some("shared", n)));
        var transactionsOfPosts = await TransactionsAsync("shared");
        var put = await PutAllAsync(posted.Select((task, n) => Some("shared", n) with { Revision = task.WireRevision, Priority = n }));

        posted.Select(task => task.Uid).Should().Equal(Enumerable.Range(0, Requests).Select(n => $"shared {n}"));
        put.Select(task => (task.Uid, task.Priority, task.RevisionCounter))
            .Should()
            .Equal(Enumerable.Range(0, Requests).Select(n => ($"shared {n}", n, 2L)));
        // Two lanes, and four that are given to others while their batches wait for the lock.
        transactionsOfPosts.Should().BeLessThanOrEqualTo(7);
        (await TransactionsAsync("shared")).Should().BeLessThanOrEqualTo(7);
    }

    [Fact]
    public async Task A_put_that_waits_for_a_lock_keeps_no_other_one_waiting()
    {
        var locked = await eventix.Post(Some("locked", 0));
        var free = await eventix.Post(Some("free", 0));
        await using var operators = await eventix.DataSource.OpenConnectionAsync();
        await using var transaction = await operators.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("SELECT FROM eventix_task WHERE uid = 'locked 0' FOR UPDATE", operators, transaction))
            await hold.ExecuteNonQueryAsync();

        var blocked = eventix.Send(new PutTask(Some("locked", 0) with { Revision = locked.WireRevision }));
        var put = await eventix
            .Send(new PutTask(Some("free", 0) with { Revision = free.WireRevision }))
            .WaitAsync(TimeSpan.FromSeconds(20));

        put.RevisionCounter.Should().Be(2);
        blocked.IsCompleted.Should().BeFalse();
        await transaction.CommitAsync();
        (await blocked).RevisionCounter.Should().Be(2);
    }

    [Fact]
    public async Task What_is_answered_is_what_is_stored_whatever_was_sent()
    {
        var posted = await PostAllAsync(Enumerable.Range(0, Requests).Select(n => Odd("posted", n)));
        foreach (var answered in posted)
            JsonSerializer.Serialize(answered).Should().Be(JsonSerializer.Serialize(await eventix.Get(answered.Uid)));

        var put = await PutAllAsync(posted.Select((task, n) => Odd("posted", n + 1) with { Uid = task.Uid, Revision = task.WireRevision }));
        var created = await PutAllAsync(Enumerable.Range(0, Requests).Select(n => Odd("created", n)));
        foreach (var answered in put.Concat(created))
            JsonSerializer.Serialize(answered).Should().Be(JsonSerializer.Serialize(await eventix.Get(answered.Uid)));
    }

    [Fact]
    public async Task A_post_that_finds_nobody_on_the_way_goes_at_once_and_alone()
    {
        await PostAllAsync([Some("alone", 1)]);
        await PostAllAsync([Some("alone", 2)]);

        (await TransactionsAsync("alone")).Should().Be(2);
    }

    [Fact]
    public async Task A_used_uid_among_posts_at_the_same_time_fails_alone()
    {
        await PostAllAsync([Some("used", 3)]);

        var refusals = await RefusalsAsync(Enumerable.Range(0, Requests).Select(n => eventix.Post(Some("used", n % 100))));

        refusals
            .OfType<DomainException>()
            .Should()
            .HaveCount(1 + Requests - 100)
            .And.OnlyContain(refusal => refusal.Code == DomainErrors.AlreadyExists);
        refusals[3].Should().NotBeNull();
        refusals.OfType<Exception>().Should().HaveCount(1 + Requests - 100);
        (await CountAsync("used")).Should().Be(100);
    }

    [Fact]
    public async Task What_PostgreSQL_refuses_fails_alone()
    {
        var posts = await RefusalsAsync(
            Enumerable.Range(0, Requests).Select(n => eventix.Post(n % 50 == 7 ? Some("bad", n) with { Args = Refused } : Some("bad", n)))
        );
        var puts = await RefusalsAsync(
            Enumerable
                .Range(Requests, Requests)
                .Select(n => eventix.Send(new PutTask(n % 50 == 7 ? Some("bad", n) with { Args = Refused } : Some("bad", n))))
        );

        Refusals(posts).Should().Equal(Refusals(puts)).And.Equal(7, 57, 107, 157);
        posts.Concat(puts).OfType<Exception>().Should().AllBeOfType<PostgresException>();
        (await CountAsync("bad")).Should().Be((2 * Requests) - 8);
    }

    [Fact]
    public async Task What_PostgreSQL_refuses_spoils_no_later_statement_of_its_connection()
    {
        await using var services = EventixServices.Build($"{eventix.ConnectionString};Maximum Pool Size=1");
        var posts = services.GetRequiredService<TaskPosts>();
        var puts = services.GetRequiredService<TaskPuts>();

        // Npgsql prepares a statement when it comes for the second time: then it must not matter that just this one fails.
        for (var n = 0; n < 4; n++)
        {
            var (good, bad) = (Some("spoilt", n), Some("spoilt", 10 + n) with { Args = Refused });
            (await posts.PostAsync(good, CancellationToken.None)).Uid.Should().Be(good.Uid);
            await posts.Invoking(it => it.PostAsync(bad, CancellationToken.None)).Should().ThrowAsync<PostgresException>();
            (await puts.PutAsync(good with { Uid = $"put {n}" }, CancellationToken.None)).Uid.Should().Be($"put {n}");
            await puts.Invoking(it => it.PutAsync(bad, CancellationToken.None)).Should().ThrowAsync<PostgresException>();
        }
    }

    [Fact]
    public async Task Posts_of_one_key_at_the_same_time_merge_into_one_waiting_task_and_none_is_lost()
    {
        var posted = await PostAllAsync(
            Enumerable.Range(0, Requests).Select(n => Some("merged", n) with { UniqueKey = $"key {n % 4}", Priority = -n })
        );

        // Every post wrote the task once: the revisions of each key are 1, 2, 3 … without a gap.
        posted
            .GroupBy(task => task.UniqueKey)
            .Select(key => key.Select(task => task.RevisionCounter).Order())
            .Should()
            .HaveCount(4)
            .And.AllSatisfy(revisions => revisions.Should().Equal(Enumerable.Range(1, Requests / 4).Select(n => (long)n)));
        (await CountAsync("merged")).Should().Be(4);
        (await eventix.ScalarAsync<long>("SELECT min(priority)::bigint FROM eventix_task WHERE namespace = 'merged'"))
            .Should()
            .Be(1 - Requests);
    }

    [Fact]
    public async Task An_outdated_put_among_others_fails_alone_and_only_one_of_two_puts_of_a_revision_counts()
    {
        var posted = await PostAllAsync(Enumerable.Range(0, 100).Select(n => Some("outdated", n)));

        var refusals = await RefusalsAsync(
            Enumerable
                .Range(0, Requests)
                .Select(n =>
                    eventix.Send(new PutTask(Some("outdated", n % 100) with { Revision = posted[n % 100].WireRevision, Version = n }))
                )
        );

        for (var n = 0; n < 100; n++)
            new[] { refusals[n], refusals[n + 100] }
                .OfType<DomainException>()
                .Should()
                .ContainSingle()
                .Which.Code.Should()
                .Be(DomainErrors.RevisionConflict);
    }

    [Fact]
    public async Task Retries_whose_key_waits_again_are_superseded_and_their_neighbours_wait()
    {
        await PostAllAsync(Enumerable.Range(0, Requests).Select(n => Some("again", n) with { UniqueKey = $"key {n}" }));
        var claimed = await eventix.Claim("again", Requests);
        await PostAllAsync(Enumerable.Range(0, 10).Select(n => Some("again", Requests + n) with { UniqueKey = $"key {n * 20}" }));

        var put = await PutAllAsync(
            claimed.Select(task => new NewTask
            {
                Uid = task.Uid,
                Task = "t",
                Namespace = "again",
                UniqueKey = task.UniqueKey,
                Revision = task.WireRevision,
                Status = EventixTaskStatus.Retry,
            })
        );

        put.Count(task => task.Status == EventixTaskStatus.Error).Should().Be(10);
        put.Count(task => task.Status == EventixTaskStatus.Retry).Should().Be(Requests - 10);
    }

    [Fact]
    public async Task Claims_at_the_same_time_share_statements_and_each_worker_gets_its_own_tasks_in_the_order_of_the_claims()
    {
        await PostAllAsync(Enumerable.Range(0, Requests).Select(n => Some("claims", n) with { Priority = n }));

        var claims = await WhileNothingCanBeWrittenAsync(() =>
            Enumerable.Range(0, 110).Select(n => eventix.Claim("claims", limit: 1 + (n % 3), $"w{n}", TimeSpan.FromMinutes(1 + n)))
        );

        claims.Take(100).Select(tasks => tasks.Count).Should().Equal(Enumerable.Range(0, 100).Select(n => 1 + (n % 3)));
        claims.SelectMany(tasks => tasks).Select(task => task.Priority).Should().Equal(Enumerable.Range(0, Requests));
        claims
            .SelectMany((tasks, n) => tasks.Select(task => (task.WorkerId, task.WorkerExpires - task.UpdatedAt, n)))
            .Should()
            .OnlyContain(task => task.WorkerId == $"w{task.n}" && task.Item2 == TimeSpan.FromMinutes(1 + task.n));
        (await TransactionsAsync("claims")).Should().BeLessThanOrEqualTo(2);
    }

    [Fact]
    public async Task Claims_that_are_made_together_are_one_statement_so_that_no_task_comes_in_between()
    {
        await PostAllAsync(Enumerable.Range(0, 3).Select(n => Some("line", n) with { Priority = n }));

        var claims = await eventix.Claims.ClaimAsync([
            .. Enumerable.Range(0, 5).Select(n => new TaskClaim("line", $"w{n}", Limit: 1, TimeSpan.FromMinutes(1))),
        ]);

        claims.Select(tasks => tasks.SingleOrDefault()?.Uid).Should().Equal("line 0", "line 1", "line 2", null, null);
        (await TransactionsAsync("line")).Should().Be(1);
    }

    [Fact]
    public async Task Claims_beyond_one_statement_find_what_is_left_and_those_behind_an_empty_queue_nothing()
    {
        await eventix.ScalarAsync<long>(
            """
            WITH posted AS (
                INSERT INTO eventix_task (uid, task, namespace) SELECT 'many ' || n, 't', 'many' FROM generate_series(1, 2500) n RETURNING uid)
            SELECT count(*) FROM posted
            """
        );

        var claims = await WhileNothingCanBeWrittenAsync(() =>
            Enumerable.Range(0, 8).Select(n => eventix.Claim("many", limit: 600, $"w{n}"))
        );

        claims.Select(tasks => tasks.Count).Should().Equal(600, 600, 600, 600, 100, 0, 0, 0);
        claims.SelectMany(tasks => tasks).Select(task => task.Uid).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task A_request_that_was_taken_back_before_it_went_is_not_stored()
    {
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        var posts = Enumerable.Range(0, 10).Select(n => Some("taken back", n)).ToList();
        var handler = (MediatR.IRequestHandler<PostTask, EventixTask>)
            eventix.Services.GetService(typeof(MediatR.IRequestHandler<PostTask, EventixTask>))!;
        var refusals = await RefusalsAsync(
            posts.Select((task, n) => handler.Handle(new PostTask(task), n % 2 == 0 ? gone.Token : default))
        );

        refusals.OfType<OperationCanceledException>().Should().HaveCount(5);
        (await CountAsync("taken back")).Should().Be(5);
    }

    private static NewTask Some(string @namespace, int n) =>
        new()
        {
            Uid = $"{@namespace} {n}",
            Task = "t",
            Namespace = @namespace,
        };

    // Times finer than a column holds, the first and the last of the calendar, every status, and everything that may be null.
    private static NewTask Odd(string @namespace, int n)
    {
        var time = DateTimeOffset.UnixEpoch.AddTicks(12_345_678_901_234_567 + n);
        DateTimeOffset?[] times = [null, time, DateTimeOffset.MinValue, DateTimeOffset.MaxValue];

        return Some(@namespace, n) with
        {
            Version = n,
            CreatedAt = n % 3 == 0 ? null : time,
            UniqueKey = n % 5 == 0 && n % 2 == 1 ? $"key {n}" : null,
            Eta = times[n % 4],
            Scheduled = times[(n + 1) % 4],
            Status = Enum.GetValues<EventixTaskStatus>()[n % 5],
            Priority = n - 100,
            Args = Encoding.UTF8.GetBytes($"[ {n}, 1.0, \"\\u0000\"]"),
            Kwargs = Encoding.UTF8.GetBytes($$"""{"a": {{n}}, "a": 2E2}"""),
            WorkerId = n % 2 == 0 ? "w" : null,
            WorkerExpires = n % 7 == 0 ? time : null,
            Retry = n % 2 == 0,
            MaxRetries = n % 3 == 0 ? null : n,
            ErrorEtaInc = n,
            ErrorEtaMax = 2 * n,
            StoreResult = n % 3 == 0,
            Result = n % 4 == 0 ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes($$"""{"r": {{n}} }"""),
            ErrorExpires = n % 3 == 0 ? null : n,
            ResultExpires = n % 2 == 0 ? null : n,
            Expires = times[(n + 2) % 4],
            Operator = n % 2 == 0 ? null : "somebody",
        };
    }

    private Task<EventixTask[]> PostAllAsync(IEnumerable<NewTask> tasks) => TogetherAsync(tasks.Select(task => new PostTask(task)));

    private Task<EventixTask[]> PutAllAsync(IEnumerable<NewTask> tasks) => TogetherAsync(tasks.Select(task => new PutTask(task)));

    private Task<EventixTask[]> TogetherAsync(IEnumerable<MediatR.IRequest<EventixTask>> requests) =>
        WhileNothingCanBeWrittenAsync(() => requests.Select(eventix.Send));

    /// <summary>So that all of them are on their way, or wait for a lane, before any of them ends.</summary>
    private async Task<T[]> WhileNothingCanBeWrittenAsync<T>(Func<IEnumerable<Task<T>>> begin)
    {
        await using var connection = new NpgsqlConnection(eventix.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand("LOCK TABLE eventix_task IN SHARE MODE", connection, transaction);
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var answers = begin().ToList();
        await transaction.CommitAsync(TestContext.Current.CancellationToken);

        return await Task.WhenAll(answers);
    }

    /// <summary>What each threw, in their order; null for none.</summary>
    private static Task<Exception?[]> RefusalsAsync(IEnumerable<Task<EventixTask>> requests) =>
        Task.WhenAll(
            requests
                .ToList()
                .Select(async request =>
                {
                    try
                    {
                        await request;
                        return null;
                    }
                    catch (Exception refusal)
                    {
                        return refusal;
                    }
                })
        );

    private static IEnumerable<int> Refusals(Exception?[] refusals) =>
        Enumerable.Range(0, refusals.Length).Where(n => refusals[n] is not null);

    private Task<long> TransactionsAsync(string @namespace) =>
        eventix.ScalarAsync<long>($"SELECT count(DISTINCT xmin::text) FROM eventix_task WHERE namespace = '{@namespace}'");

    private Task<long> CountAsync(string @namespace) =>
        eventix.ScalarAsync<long>($"SELECT count(*) FROM eventix_task WHERE namespace = '{@namespace}'");
}
