using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Eventix.Api.Tests.Tasks;

public sealed class LongPollTests(RestHost host) : IClassFixture<RestHost>
{
    // Without a wake-up a task is found by the look that is taken each second. What a wake-up really takes is written to the output: a busy
    // machine is no reason to fail.
    private static readonly TimeSpan FarBelowTheNextLook = TimeSpan.FromMilliseconds(250);

    private readonly Rest _rest = new(host);

    [Fact]
    public async Task A_wait_without_a_task_ends_in_time_with_no_task()
    {
        var watch = Stopwatch.StartNew();

        var next = await _rest.GetAsync("/tasks/next_scheduled?worker_id=w&namespace=none&wait=1");
        var claim = await _rest.PostAsync("/tasks/claim", """{"worker_id":"w","namespaces":["none","nor here"],"wait":1}""");

        (next.Status, claim.Status, claim.Text).Should().Be((HttpStatusCode.NoContent, HttpStatusCode.OK, "[]"));
        watch.Elapsed.Should().BeGreaterThan(TimeSpan.FromSeconds(1.9)).And.BeLessThan(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Each_task_wakes_exactly_one_of_two_hundred_waiting_clients_and_they_hold_no_connections()
    {
        const int Clients = 200;
        const int Posts = 21;
        var waiting = Enumerable.Range(0, Clients).Select(client => NextAsync("crowd", $"w{client}", wait: 60)).ToList();
        await UntilWaitingAsync("crowd");

        var took = new List<TimeSpan>();
        for (var post = 0; post < Posts; post++)
        {
            var watch = Stopwatch.StartNew();
            await PostAsync("crowd", $"crowd {post}");
            var woken = await Task.WhenAny(waiting);
            took.Add(watch.Elapsed);
            waiting.Remove(woken);
            (await woken)!["uid"]!.GetValue<string>().Should().Be($"crowd {post}");
        }

        waiting.Should().OnlyContain(client => !client.IsCompleted);
        TestContext.Current.TestOutputHelper!.WriteLine($"median {took.Order().ElementAt(Posts / 2)}, longest {took.Max()}");

        took.Order().ElementAt(Posts / 2).Should().BeLessThan(FarBelowTheNextLook);
        (await host.Database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"))
            .Should()
            .BeLessThan(40);

        await PostManyAsync("crowd", waiting.Count);
        var tasks = await Task.WhenAll(waiting);
        tasks.Select(task => task!["uid"]!.GetValue<string>()).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Who_came_first_is_served_first()
    {
        var waiting = new List<Task<JsonNode?>>();
        for (var client = 0; client < 3; client++)
        {
            waiting.Add(NextAsync("row", $"w{client}", wait: 60));
            await UntilWaitingAsync("row", client + 1);
        }

        for (var client = 0; client < 3; client++)
        {
            await PostAsync("row", $"row {client}");
            (await waiting[client])!["uid"]!.GetValue<string>().Should().Be($"row {client}");
        }
    }

    [Fact]
    public async Task A_task_that_comes_in_through_another_server_is_heard()
    {
        await using var other = new RestHost();
        await other.StartAsync(host.Database.ConnectionString);
        await UntilAsync("SELECT count(*) >= 2 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'");
        var took = new List<TimeSpan>();

        for (var post = 0; post < 9; post++)
        {
            var waiting = NextAsync("far", "w", wait: 60);
            await UntilWaitingAsync("far");
            var watch = Stopwatch.StartNew();
            await new Rest(other).PostAsync("/task", $$"""{"uid":"far {{post}}","task":"t","namespace":"far"}""");
            (await waiting)!["uid"]!.GetValue<string>().Should().Be($"far {post}");
            took.Add(watch.Elapsed);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"median {took.Order().ElementAt(4)}, longest {took.Max()}");
        took.Order().ElementAt(4).Should().BeLessThan(FarBelowTheNextLook);
    }

    [Fact]
    public async Task A_task_whose_time_comes_while_somebody_waits_is_claimed_then()
    {
        var eta = DateTime.UtcNow.AddSeconds(3).ToString("O", CultureInfo.InvariantCulture);
        await _rest.PostAsync(
            "/task",
            new JsonObject
            {
                ["uid"] = "later",
                ["task"] = "t",
                ["namespace"] = "later",
                ["eta"] = eta,
            }
        );

        var task = await NextAsync("later", "w", wait: 60);

        task!["uid"]!.GetValue<string>().Should().Be("later");
    }

    [Fact]
    public async Task Clients_that_hang_up_lose_no_task()
    {
        for (var round = 0; round < 20; round++)
        {
            var @namespace = $"gone {round}";
            var path = $"/tasks/next_scheduled?worker_id=gone&namespace={Uri.EscapeDataString(@namespace)}&wait=60";
            var connections = new List<RawConnection>();
            for (var client = 0; client < 5; client++)
            {
                connections.Add(await RawConnection.OpenAsync(host.Address));
                await connections[^1].WriteAsync(System.Text.Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
            }

            await UntilWaitingAsync(@namespace);

            // They hang up while the task comes in: before, after and during its claim.
            await Task.WhenAll(
                PostAsync(@namespace, $"gone {round}"),
                Task.Run(() => connections.ForEach(connection => connection.Abort()), TestContext.Current.CancellationToken)
            );

            // Either one of them got it, as far as the server could see, or it is there for the next client at once.
            var next = await NextAsync(@namespace, "next", wait: 2);
            if (next is null)
                (await host.Database.ScalarAsync<string>($"SELECT worker_id FROM eventix_task WHERE uid = 'gone {round}'"))
                    .Should()
                    .Be("gone");
            else
                next["uid"]!.GetValue<string>().Should().Be($"gone {round}");
        }
    }

    [Fact]
    public async Task A_client_that_hung_up_before_the_task_came_gets_none()
    {
        var connection = await RawConnection.OpenAsync(host.Address);
        await connection.WriteAsync(
            "GET /tasks/next_scheduled?worker_id=left&namespace=left&wait=60 HTTP/1.1\r\nHost: test\r\n\r\n"u8.ToArray()
        );
        await UntilWaitingAsync("left");

        connection.Abort();
        await UntilWaitingAsync("left", clients: 0);
        await PostAsync("left", "left");

        (await NextAsync("left", "next", wait: 0))!["worker_id"]!.GetValue<string>().Should().Be("next");
    }

    [Fact]
    public async Task A_server_that_stops_lets_its_waiting_clients_go()
    {
        await using var other = new RestHost();
        await other.StartAsync(host.Database.ConnectionString);
        var waiting = new Rest(other).GetAsync("/tasks/next_scheduled?worker_id=w&namespace=stop&wait=60");
        await Task.WhenAny(waiting, Task.Delay(200, TestContext.Current.CancellationToken));

        var watch = Stopwatch.StartNew();
        await other.StopAsync();

        (await waiting).Status.Should().Be(HttpStatusCode.NoContent);
        watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Posts_that_race_claims_of_their_key_merge_before_or_wait_behind_and_never_fail()
    {
        using var stop = new CancellationTokenSource();
        var claimers = Enumerable.Range(0, 4).Select(worker => ClaimAndFinishAsync(worker, stop.Token)).ToList();

        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 16)
                .Select(async sender =>
                {
                    var statuses = new List<HttpStatusCode>();
                    for (var post = 0; post < 40; post++)
                    {
                        var body = $$"""{"task":"t","namespace":"race","unique_key":"{{post % 3}}","args":["{{sender}} {{post}}"]}""";
                        statuses.Add((await _rest.PostAsync("/task", body)).Status);
                    }

                    return statuses;
                })
        );
        await stop.CancelAsync();
        var finished = (await Task.WhenAll(claimers)).Sum();

        answers.SelectMany(statuses => statuses).Should().OnlyContain(status => status == HttpStatusCode.OK);
        finished.Should().BePositive();

        // Each post counted once: in the revision of a waiting or running task (its own insert, a merge), or of one that ran.
        (
            await host.Database.ScalarAsync<long>(
                """
                SELECT count(*) FROM (
                    SELECT FROM eventix_task WHERE namespace = 'race' AND status IN ('scheduled', 'retry')
                    GROUP BY unique_key HAVING count(*) > 1) twice
                """
            )
        )
            .Should()
            .Be(0);
        (
            await host.Database.ScalarAsync<long>(
                """
                SELECT sum(revision - CASE status WHEN 'done' THEN 2 WHEN 'processing' THEN 1 ELSE 0 END)::bigint
                FROM eventix_task WHERE namespace = 'race'
                """
            )
        ).Should().Be(16 * 40);
    }

    private async Task<int> ClaimAndFinishAsync(int worker, CancellationToken stop)
    {
        var finished = 0;
        while (!stop.IsCancellationRequested)
        {
            if (await NextAsync("race", $"w{worker}", wait: 1) is not { } task)
                continue;

            (task["status"], task["worker_expires"]) = ("done", null);
            (await _rest.PutAsync($"/task/{task["uid"]!.GetValue<string>()}", task)).Status.Should().Be(HttpStatusCode.OK);
            finished++;
        }

        return finished;
    }

    private async Task<JsonNode?> NextAsync(string @namespace, string worker, int wait) =>
        (await _rest.GetAsync($"/tasks/next_scheduled?worker_id={worker}&namespace={Uri.EscapeDataString(@namespace)}&wait={wait}")).Json;

    private Task PostAsync(string @namespace, string uid) =>
        _rest.PostAsync(
            "/task",
            new JsonObject
            {
                ["uid"] = uid,
                ["task"] = "t",
                ["namespace"] = @namespace,
            }
        );

    private Task PostManyAsync(string @namespace, int count) =>
        _rest.PostAsync(
            "/tasks/batch",
            new JsonArray([.. Enumerable.Range(0, count).Select(_ => new JsonObject { ["task"] = "t", ["namespace"] = @namespace })])
        );

    /// <summary>Until so many clients stand in line; null for as many as come.</summary>
    private async Task UntilWaitingAsync(string @namespace, int? clients = null)
    {
        var (last, since) = (-1, Stopwatch.StartNew());
        for (var end = Stopwatch.StartNew(); end.Elapsed < TimeSpan.FromSeconds(30); )
        {
            var now = host.WaitingFor(@namespace);
            if (now != last)
                (last, since) = (now, Stopwatch.StartNew());
            if (clients is { } expected ? now == expected : now > 0 && since.ElapsedMilliseconds > 300)
                return;

            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"{last} clients wait for {@namespace}");
    }

    private async Task UntilAsync(string condition)
    {
        for (var end = Stopwatch.StartNew(); end.Elapsed < TimeSpan.FromSeconds(30); )
        {
            if (await host.Database.ScalarAsync<bool>(condition))
                return;
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException(condition);
    }
}
