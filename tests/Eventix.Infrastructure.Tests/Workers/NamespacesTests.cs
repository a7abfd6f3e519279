using Eventix.Application.Workers;
using Eventix.Infrastructure.Tests.Tasks;

namespace Eventix.Infrastructure.Tests.Workers;

/// <summary>How one host divides its places among namespaces and names.</summary>
public sealed class NamespacesTests(EventixServices eventix) : IClassFixture<EventixServices>
{
    /// <summary>Tasks that note the name of their namespace, and end as soon as the gate is open.</summary>
    private Task InsertAsync(string @namespace, int count, string task = "test.blocked") =>
        eventix.ExecuteAsync(
            $$"""
            INSERT INTO eventix_task (uid, task, namespace, kwargs)
            SELECT '{{@namespace}}-{{task}}-' || n, '{{task}}', '{{@namespace}}', '{"name": "{{@namespace}}"}' FROM generate_series(1, {{count}}) n
            """
        );

    private Task<RunningWorker> Start(Action<TaskWorkerOptions> configure) => RunningWorker.StartAsync(eventix.ConnectionString, configure);

    private Task UntilAllAreDone(string like) =>
        Eventually.BecomesAsync(
            async () =>
                await eventix.ScalarAsync<long>($"SELECT count(*) FROM eventix_task WHERE namespace LIKE '{like}' AND status <> 'done'")
                == 0,
            $"everything of {like} is done"
        );

    [Fact]
    public async Task Weights_say_how_many_of_each_are_begun_while_all_have_any()
    {
        await InsertAsync("w-orders", 400);
        await InsertAsync("w-mail", 400);
        await using var worker = await Start(options =>
            (options.Namespaces, options.NamespaceWeights, options.Concurrency) = (["w-mail", "w-orders"], [1, 3], 40)
        );

        // Nothing ends, so nothing is claimed ahead: these are the places that there are.
        await Eventually.BecomesAsync(() => worker.Journal.Ran.Count == 40, "all places are taken");
        worker.Journal.Ran.Count(name => name == "w-orders").Should().Be(30);

        worker.Journal.Gate.SetResult();
        await UntilAllAreDone("w-%");
        worker.Journal.Ran.Should().HaveCount(800);
    }

    [Fact]
    public async Task In_strict_order_a_namespace_has_its_turn_when_those_in_front_have_nothing_due()
    {
        await InsertAsync("s-last", 20);
        await InsertAsync("s-first", 200);
        await using var worker = await Start(options =>
            (options.Namespaces, options.IsStrictOrder, options.Concurrency) = (["s-first", "s-last"], true, 1)
        );
        worker.Journal.Gate.SetResult();

        await UntilAllAreDone("s-%");

        worker.Journal.Ran.Should().Equal([.. Enumerable.Repeat("s-first", 200), .. Enumerable.Repeat("s-last", 20)]);
    }

    [Fact]
    public async Task A_namespace_runs_no_more_at_once_than_it_may_and_the_others_take_the_rest()
    {
        await InsertAsync("c-few", 10);
        await InsertAsync("c-many", 10);
        await using var worker = await Start(options =>
            (options.Namespaces, options.NamespaceConcurrency, options.Concurrency) = (["c-few", "c-many"], [2, 0], 6)
        );

        await Eventually.BecomesAsync(() => worker.Journal.Ran.Count == 6, "all places are taken");

        worker.Journal.Ran.Count(name => name == "c-few").Should().Be(2);
        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'c-few' AND status = 'processing'"))
            .Should()
            .Be(2, "nothing waits here for a place that it must not take");
        worker.Journal.Gate.SetResult();
        await UntilAllAreDone("c-%");
    }

    private async Task<(RunningWorker Worker, CountedClaims Claims)> StartCounted(string like, int namespaces, int concurrency)
    {
        var claims = new CountedClaims();
        var worker = await RunningWorker.StartAsync(
            eventix.ConnectionString,
            options =>
            {
                options.Namespaces = [.. Enumerable.Range(1, namespaces).Select(n => $"{like}{n}")];
                (options.Concurrency, options.Patience) = (concurrency, TimeSpan.FromMinutes(1));
            },
            claims.Register
        );
        return (worker, claims);
    }

    [Fact]
    public async Task Many_namespaces_fill_the_places_with_a_statement_for_their_shares_and_one_for_what_is_left()
    {
        await eventix.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, namespace, kwargs)
            SELECT 'm-' || n, 'test.blocked', 'm-' || n, '{"name": "any"}' FROM generate_series(1, 200) n
            """
        );
        await InsertAsync("m-7", 40);

        var (worker, claims) = await StartCounted("m-", namespaces: 200, concurrency: 240);
        await using var _ = worker;
        await Eventually.BecomesAsync(() => worker.Journal.Ran.Count == 240, "all places are taken");

        claims.Claims.Should().Be(2 * 2, "test.rare has a limit of its own, and is asked for apart");
        worker.Journal.Gate.SetResult();
        await UntilAllAreDone("m-%");
    }

    [Fact]
    public async Task A_single_place_finds_the_only_task_of_many_namespaces_with_one_statement()
    {
        await InsertAsync("one-137", 1);

        var (worker, claims) = await StartCounted("one-", namespaces: 200, concurrency: 1);
        await using var _ = worker;
        await Eventually.BecomesAsync(() => worker.Journal.Ran.Count == 1, "it runs");

        claims.Claims.Should().Be(1);
        worker.Journal.Gate.SetResult();
        await UntilAllAreDone("one-%");
    }

    [Fact]
    public async Task In_strict_order_a_limited_name_does_not_come_before_the_namespaces_in_front()
    {
        await InsertAsync("l-first", 30);
        await InsertAsync("l-last", 30, "test.rare");
        await using var worker = await Start(options =>
            (options.Namespaces, options.IsStrictOrder, options.Concurrency) = (["l-first", "l-last"], true, 8)
        );

        await Eventually.BecomesAsync(() => worker.Journal.Ran.Count == 8, "all places are taken");

        worker.Journal.Ran.Should().OnlyContain(name => name == "l-first");
        worker.Journal.Gate.SetResult();
        await UntilAllAreDone("l-%");
    }

    [Fact]
    public async Task A_name_runs_no_more_at_once_than_it_may_and_other_tasks_go_on()
    {
        await InsertAsync("t", 50, "test.rare");
        await InsertAsync("t", 5);
        await eventix.ExecuteAsync("UPDATE eventix_task SET priority = 1 WHERE namespace = 't' AND task = 'test.blocked'");
        await using var worker = await Start(options => (options.Namespaces, options.Concurrency) = (["t"], 8));

        await Eventually.BecomesAsync(() => worker.Journal.Ran.Count == 7, "two of the rare ones and all others run");

        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE task = 'test.rare' AND status = 'processing'"))
            .Should()
            .Be(2);
        worker.Journal.Gate.SetResult();
        await UntilAllAreDone("t");
        worker.Journal.MostRare.Should().Be(2);
        (await eventix.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 't' AND attempt <> 1 OR revision <> 3"))
            .Should()
            .Be(0, "none was claimed and given back");
    }

    [Fact]
    public async Task A_host_that_is_at_every_limit_does_not_ask_all_the_time()
    {
        await InsertAsync("idle", 50, "test.rare");
        var claims = new CountedClaims();
        await using var worker = await RunningWorker.StartAsync(
            eventix.ConnectionString,
            options => (options.Namespaces, options.Concurrency, options.PollInterval) = (["idle"], 8, TimeSpan.FromMilliseconds(100)),
            claims.Register
        );
        await Eventually.BecomesAsync(() => worker.Journal.Ran.Count == 2, "two run");

        var before = claims.Claims;
        await Task.Delay(TimeSpan.FromSeconds(1));

        (claims.Claims - before).Should().BeLessThan(30);
        worker.Journal.Gate.SetResult();
        await UntilAllAreDone("idle");
    }
}
