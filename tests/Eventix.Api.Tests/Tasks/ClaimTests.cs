using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Eventix.Api.Tests.Tasks;

public sealed class ClaimTests(RestHost host) : IClassFixture<RestHost>
{
    private readonly Rest _rest = new(host);

    [Fact]
    public async Task A_claim_takes_from_its_namespaces_in_their_order_up_to_the_limit()
    {
        await PostAsync("o1", "o2", "o2", "o3");

        var claimed = await ClaimAsync("""{"worker_id":"w","namespaces":["o2","o1","o2","o3"],"limit":3,"lease":1000}""");

        claimed.Select(task => Text(task, "namespace")).Should().Equal("o2", "o2", "o1");
        claimed.Should().OnlyContain(task => Text(task, "status") == "processing" && Text(task, "worker_id") == "w");
        claimed[0]!["worker_expires"]!.GetValue<DateTime>().Should().BeCloseTo(DateTime.UtcNow.AddSeconds(1000), TimeSpan.FromMinutes(2));
        (await ClaimAsync("""{"worker_id":"w","namespaces":["o1","o2","o3"],"limit":1000}""")).Should().ContainSingle();
    }

    [Fact]
    public async Task A_claim_takes_only_tasks_of_the_named_kinds_and_one_task_unless_it_says_more()
    {
        await _rest.PostAsync("/task", """{"uid":"f1","task":"other","namespace":"f"}""");
        await _rest.PostAsync("/task", """{"uid":"f2","task":"mine","namespace":"f"}""");
        await _rest.PostAsync("/task", """{"uid":"f3","task":"mine","namespace":"f"}""");

        var claimed = await ClaimAsync("""{"worker_id":"w","namespaces":["f"],"tasks":["mine","unknown"]}""");

        claimed.Select(task => Text(task, "uid")).Should().Equal("f2");
    }

    [Fact]
    public async Task A_claim_whose_answer_nobody_read_is_given_back_and_a_named_one_stays_with_who_asks_again()
    {
        const string Named = """{"worker_id":"w","namespaces":["unread named"],"limit":100,"claim_id":"kept"}""";
        var named = await ClaimUnreadAsync("unread named", Named);
        var unnamed = await ClaimUnreadAsync("unread", """{"worker_id":"w","namespaces":["unread"],"limit":100}""");

        // The named one breaks off first: once the other is given back, this one would be as well if it ever were.
        named.Abort();
        unnamed.Abort();
        await UntilAsync("unread", "scheduled");
        var again = await ClaimAsync(Named);

        again.Should().HaveCount(100);
        again.Select(task => Text(task, "revision")).Should().OnlyContain(revision => revision.StartsWith("2-"));
        (await ClaimAsync("""{"worker_id":"w","namespaces":["unread"],"limit":100}"""))
            .Select(task => Text(task, "revision"))
            .Should()
            .HaveCount(100)
            .And.OnlyContain(revision => revision.StartsWith("4-"));
    }

    /// <summary>Claims a hundred tasks, more than the buffers between the two hold, and reads nothing: the server stands in the middle of its answer.</summary>
    private async Task<RawConnection> ClaimUnreadAsync(string @namespace, string claim)
    {
        var large = new string('y', 200_000);
        for (var n = 0; n < 100; n++)
            await _rest.PostAsync(
                "/task",
                $$$"""{"uid":"{{{@namespace}}} {{{n}}}","task":"t","namespace":"{{{@namespace}}}","kwargs":{"large":"{{{large}}}"}}"""
            );

        var connection = await RawConnection.OpenAsync(host.Address);
        await connection.WriteAsync(
            System.Text.Encoding.ASCII.GetBytes(
                $"POST /tasks/claim HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: {claim.Length}\r\n\r\n{claim}"
            )
        );
        await UntilAsync(@namespace, "processing");

        return connection;
    }

    private async Task UntilAsync(string @namespace, string status)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (
            await host.Database.ScalarAsync<long>(
                $"SELECT count(*) FROM eventix_task WHERE namespace = '{@namespace}' AND status = '{status}'"
            ) < 100
        )
            await timer.WaitForNextTickAsync(deadline.Token);
    }

    [Fact]
    public async Task The_same_claim_again_gives_the_same_tasks_also_from_another_server()
    {
        const string Claim = """{"worker_id":"w","namespaces":["c"],"limit":2,"claim_id":"one"}""";
        await PostAsync("c", "c", "c", "c");
        await using var other = new RestHost();
        await other.StartAsync(host.Database.ConnectionString);

        var first = await ClaimAsync(Claim);
        var second = (await new Rest(other).PostAsync("/tasks/claim", Claim)).Json!.AsArray();
        first[0]!["status"] = "done";
        await _rest.PutAsync($"/task/{Text(first[0], "uid")}", first[0]!);
        var third = await ClaimAsync(Claim);

        Tokens(first).Should().HaveCount(2);
        Tokens(second).Should().Equal(Tokens(first));
        Tokens(third).Should().Equal(Tokens(first).Skip(1));
        (await ClaimAsync(Claim.Replace("one", "two", StringComparison.Ordinal))).Should().HaveCount(2).And.NotIntersectWith(second);
    }

    [Fact]
    public async Task Claims_of_one_name_at_the_same_time_lease_their_tasks_once()
    {
        await PostAsync([.. Enumerable.Repeat("n", 100)]);

        var claims = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => ClaimAsync("""{"worker_id":"w","namespaces":["n"],"limit":3,"claim_id":"x"}"""))
        );

        claims.Select(Tokens).Should().OnlyContain(tokens => tokens.Count == 3 && tokens.SequenceEqual(Tokens(claims[0])));
        (await host.Database.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'n' AND status = 'processing'"))
            .Should()
            .Be(3);
    }

    [Fact]
    public async Task A_claim_without_a_name_forgets_the_name_of_the_claim_before()
    {
        await PostAsync("forget");
        var task = (await ClaimAsync("""{"worker_id":"w","namespaces":["forget"],"claim_id":"old"}"""))[0]!;
        (task["status"], task["worker_id"], task["worker_expires"]) = ("retry", null, null);
        await _rest.PutAsync($"/task/{Text(task, "uid")}", task);
        await _rest.GetAsync("/tasks/next_scheduled?worker_id=w&namespace=forget");

        (await ClaimAsync("""{"worker_id":"w","namespaces":["forget"],"claim_id":"old"}""")).Should().BeEmpty();
    }

    [Fact]
    public async Task The_longest_names_of_a_worker_and_a_claim_that_no_compression_shortens_can_be_claimed_under()
    {
        var noise = new Random(1);
        string Longest() => new([.. Enumerable.Range(0, 2000).Select(_ => (char)noise.Next('0', 'Z'))]);
        var claim = JsonSerializer.Serialize(
            new
            {
                worker_id = Longest(),
                namespaces = (string[])["long"],
                claim_id = Longest(),
            }
        );
        await PostAsync("long");

        var claimed = await ClaimAsync(claim);

        claimed.Should().ContainSingle();
        Tokens(await ClaimAsync(claim)).Should().Equal(Tokens(claimed));
    }

    [Fact]
    public async Task Clients_that_do_not_ask_get_the_server_s_lease_and_wait()
    {
        await using var other = new RestHost();
        await other.StartAsync(host.Database.ConnectionString, ("EVENTIX_LEASE_SECONDS", "7000"), ("EVENTIX_CLAIM_WAIT_SECONDS", "30"));
        var rest = new Rest(other);

        var waiting = rest.GetAsync("/tasks/next_scheduled?worker_id=w&namespace=lease");
        await Task.WhenAny(waiting, Task.Delay(300, TestContext.Current.CancellationToken));
        waiting.IsCompleted.Should().BeFalse();
        await PostAsync("lease");

        (await waiting).Json!["worker_expires"]!
            .GetValue<DateTime>()
            .Should()
            .BeCloseTo(DateTime.UtcNow.AddSeconds(7000), TimeSpan.FromMinutes(5));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"worker_id":"w"}""")]
    [InlineData("""{"worker_id":"w","namespaces":null}""")]
    [InlineData("""{"worker_id":"w","namespaces":[]}""")]
    [InlineData("""{"worker_id":"w","namespaces":"a"}""")]
    [InlineData("""{"worker_id":"w","namespaces":[1]}""")]
    [InlineData("""{"worker_id":"w","namespaces":["a\u0000"]}""")]
    [InlineData("""{"worker_id":"w","namespaces":["a"],"limit":0}""")]
    [InlineData("""{"worker_id":"w","namespaces":["a"],"limit":1001}""")]
    [InlineData("""{"worker_id":"w","namespaces":["a"],"wait":61}""")]
    [InlineData("""{"worker_id":"w","namespaces":["a"],"lease":0}""")]
    [InlineData("""{"worker_id":"w","namespaces":["a"],"tasks":[]}""")]
    [InlineData("""{"worker_id":"w","namespaces":["a"],"claim_id":7}""")]
    public async Task A_claim_of_the_wrong_shape_is_refused(string body) =>
        (await _rest.PostAsync("/tasks/claim", body)).Status.Should().Be(HttpStatusCode.UnprocessableEntity);

    [Theory]
    [InlineData("61")]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("")]
    public async Task A_wait_that_is_no_number_of_seconds_up_to_60_is_refused(string wait) =>
        (await _rest.GetAsync($"/tasks/next_scheduled?worker_id=w&namespace=n&wait={wait}"))
            .Status.Should()
            .Be(HttpStatusCode.UnprocessableEntity);

    private static string Text(JsonNode? task, string member) => task![member]!.GetValue<string>();

    private static List<(string, string)> Tokens(JsonArray tasks) => [.. tasks.Select(task => (Text(task, "uid"), Text(task, "revision")))];

    private async Task PostAsync(params string[] namespaces)
    {
        foreach (var @namespace in namespaces)
            await _rest.PostAsync("/task", new JsonObject { ["task"] = "t", ["namespace"] = @namespace });
    }

    private async Task<JsonArray> ClaimAsync(string body) => (await _rest.PostAsync("/tasks/claim", body)).Json!.AsArray();
}
