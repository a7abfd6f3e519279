using System.Net;
using System.Text.Json.Nodes;

namespace Eventix.Api.Tests.Tasks;

public sealed class BatchTests(RestHost host) : IClassFixture<RestHost>
{
    private readonly Rest _rest = new(host);

    [Fact]
    public async Task Every_item_of_a_post_gets_its_own_right_answer_in_order()
    {
        await _rest.PostAsync("/task", """{"uid":"used","task":"t"}""");

        var answers = await PostAsync(
            """
            [
              {"uid":"a","task":"t"},
              {"uid":"used","task":"t"},
              {"uid":"k1","task":"first","unique_key":"k","priority":5,"args":[1]},
              7,
              {"uid":"b"},
              {"uid":"k2","task":"second","unique_key":"k","priority":3,"args":[2]},
              {"uid":"a","task":"t"},
              {"uid":"used","task":"t","unique_key":"k","priority":4,"args":[3]},
              {"uid":"used","task":"t","unique_key":"another"},
              {"uid":"c\u0000","task":"t"},
              {"uid":"d","task":"t","result":NaN,"priority":NaN},
              {"task":"t","result":NaN}
            ]
            """
        );

        answers.Select(Status).Should().Equal(200, 409, 200, 422, 422, 200, 409, 200, 409, 422, 422, 200);
        answers[1]!["error"]!["error_class"]!.GetValue<string>().Should().Be("AlreadyExists");
        answers[1]!["error"]!["error_payload"]!.ToJsonString().Should().Be("""{"uid":"used"}""");
        answers[4]!["error"]!["detail"]![0]!["loc"]!.ToJsonString().Should().Be("""["body","task"]""");
        answers[10]!["error"]!["detail"]![0]!["type"]!.GetValue<string>().Should().Be("finite_number");

        // The second and the third of the key merged into the first, one after the other.
        var (first, second, third) = (answers[2]!["task"]!, answers[5]!["task"]!, answers[7]!["task"]!);
        new[] { first, second, third }.Select(task => Text(task, "uid")).Should().Equal("k1", "k1", "k1");
        new[] { first, second, third }.Select(task => task["priority"]!.GetValue<int>()).Should().Equal(5, 3, 3);
        new[] { first, second, third }.Select(task => task["args"]!.ToJsonString()).Should().Equal("[1]", "[2]", "[3]");
        new[] { first, second, third }.Select(task => Text(task, "revision")[..2]).Should().Equal("1-", "2-", "3-");
        (await _rest.GetAsync("/task/k1")).Json!.ToJsonString().Should().Be(third.ToJsonString());
    }

    [Fact]
    public async Task A_posted_item_answers_what_a_post_alone_would()
    {
        const string Task = """
            "task":"t","eta":"2030-01-01T00:00:00.5+02:00","args":[1.0,  "\u00e4"],"kwargs":{"b":1,"a":NaN},"status":"processing","worker_id":"w","max_retries":3,"operator":null
            """;

        var one = (await _rest.PostAsync("/task", $$"""{"uid":"alone",{{Task}}}""")).Json!;
        var many = (await PostAsync($$"""[{"uid":"among",{{Task}}}]"""))[0]!["task"]!;

        foreach (var changing in new[] { "uid", "revision", "created_time", "updated_time", "scheduled", "worker_expires" })
        {
            one[changing] = null;
            many[changing] = null;
        }

        many.ToJsonString().Should().Be(one.ToJsonString());
    }

    [Fact]
    public async Task Thousands_of_tasks_go_in_and_each_is_answered_at_its_place()
    {
        var uids = Enumerable.Range(0, 2500).Select(index => $"many {index}").ToList();

        var answers = await PostAsync($"[{string.Join(',', uids.Select(uid => $$"""{"uid":"{{uid}}","task":"t","namespace":"many"}"""))}]");

        answers.Select(answer => Text(answer!["task"]!, "uid")).Should().Equal(uids);
        (await host.Database.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE namespace = 'many'")).Should().Be(2500);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    public async Task A_batch_that_is_no_array_or_too_long_is_refused_as_a_whole(string method)
    {
        var tooMany = $"[{string.Join(',', Enumerable.Repeat("""{"task":"too many"}""", 10_001))}]";

        foreach (var body in new[] { "", "{}", "null", "[", "[{\"task\":\"t\"}", "[]x", tooMany })
            (await SendAsync(method, body)).Status.Should().Be(HttpStatusCode.UnprocessableEntity, body[..Math.Min(20, body.Length)]);

        (await SendAsync(method, "[]")).Text.Should().Be("[]");
        (await host.Database.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE task = 'too many'")).Should().Be(0);
    }

    [Fact]
    public async Task Concurrent_batches_of_the_same_keys_leave_one_waiting_task_for_each()
    {
        string Batch(int sender) =>
            $"[{string.Join(',', Enumerable.Range(0, 200).Select(key => $$"""{"task":"t","namespace":"raced","unique_key":"{{(key * (sender + 3)) % 50}}"}"""))}]";

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(sender => PostAsync(Batch(sender))));

        answers.SelectMany(each => each.Select(Status)).Should().OnlyContain(status => status == 200);
        (await host.Database.ScalarAsync<long>("SELECT count(*) - count(DISTINCT unique_key) FROM eventix_task WHERE namespace = 'raced'"))
            .Should()
            .Be(0);
    }

    [Fact]
    public async Task A_write_back_that_is_sent_again_is_answered_as_it_was_the_first_time()
    {
        var tasks = await ClaimedAsync("again", "done", "retry", "stale");
        Finish(tasks["done"], "done");
        Finish(tasks["retry"], "retry");
        var batch = new JsonArray(tasks["done"], tasks["retry"]);

        var first = (await PutAsync(batch)).ToJsonString();
        var second = (await PutAsync(batch)).ToJsonString();
        tasks["done"]["result"] = "another";
        var other = await PutAsync(batch);

        JsonNode.Parse(first)!.AsArray().Select(Status).Should().Equal(200, 200);
        second.Should().Be(first);
        other.Select(Status).Should().Equal(409, 200);
        other[0]!["error"]!["error_class"]!.GetValue<string>().Should().Be("RevisionConflict");
    }

    [Fact]
    public async Task A_write_back_that_is_sent_twice_in_one_batch_is_answered_twice()
    {
        var task = (await ClaimedAsync("twice", "twice"))["twice"];
        Finish(task, "done");

        var answers = await PutAsync(new JsonArray(task.DeepClone(), task.DeepClone()));

        answers.Select(Status).Should().Equal(200, 200);
        answers[1]!.ToJsonString().Should().Be(answers[0]!.ToJsonString());
    }

    [Fact]
    public async Task A_superseded_write_back_leaves_its_neighbours_alone_and_is_answered_the_same_again()
    {
        await PostAsync("""[{"uid":"s1","task":"t","namespace":"sup","unique_key":"s"},{"uid":"s2","task":"t","namespace":"sup"}]""");
        var claimed = new[] { await NextAsync("sup"), await NextAsync("sup") };
        await _rest.PostAsync("/task", """{"uid":"s3","task":"t","namespace":"sup","unique_key":"s"}""");
        foreach (var task in claimed)
            Finish(task, Text(task, "uid") == "s1" ? "retry" : "done");
        var batch = new JsonArray([.. claimed, JsonNode.Parse("""{"uid":"s4","task":"t","namespace":"sup","unique_key":"s"}""")]);

        var first = await PutAsync(batch);
        var second = await PutAsync(batch);

        first.Select(Status).Should().Equal(200, 200, 409);
        first.Take(2).Select(answer => Text(answer!["task"]!, "status")).Should().BeEquivalentTo("error", "done");
        first[2]!["error"]!["error_class"]!.GetValue<string>().Should().Be("TaskNotUnique");
        second.ToJsonString().Should().Be(first.ToJsonString());
    }

    [Fact]
    public async Task A_batch_of_write_backs_creates_what_is_missing_and_needs_uids()
    {
        var answers = await PutAsync(
            new JsonArray(JsonNode.Parse("""{"uid":"new","task":"t","revision":"4-x"}"""), JsonNode.Parse("""{"task":"t"}"""))
        );

        answers.Select(Status).Should().Equal(200, 422);
        Text(answers[0]!["task"]!, "revision")[..2].Should().Be("5-");
    }

    private static int Status(JsonNode? answer) => answer!["status"]!.GetValue<int>();

    private static string Text(JsonNode task, string member) => task[member]!.GetValue<string>();

    private static void Finish(JsonNode task, string status)
    {
        task["status"] = status;
        task["result"] = new JsonObject { ["of"] = status };
        task["worker_expires"] = null;
        if (status == "retry")
            (task["worker_id"], task["eta"]) = (null, "2100-01-01T00:00:00+00:00");
    }

    private async Task<Dictionary<string, JsonNode>> ClaimedAsync(string @namespace, params string[] uids)
    {
        foreach (var uid in uids)
            await _rest.PostAsync(
                "/task",
                new JsonObject
                {
                    ["uid"] = $"{@namespace} {uid}",
                    ["task"] = uid,
                    ["namespace"] = @namespace,
                }
            );

        var claimed = new Dictionary<string, JsonNode>();
        foreach (var _ in uids)
        {
            var task = await NextAsync(@namespace);
            claimed.Add(Text(task, "task"), task);
        }

        return claimed;
    }

    private async Task<JsonNode> NextAsync(string @namespace) =>
        (await _rest.GetAsync($"/tasks/next_scheduled?worker_id=w&namespace={@namespace}")).Json!;

    private Task<RestAnswer> SendAsync(string method, string body) =>
        method == "POST" ? _rest.PostAsync("/tasks/batch", body) : _rest.PutAsync("/tasks/batch", body);

    private async Task<JsonArray> PostAsync(string body) => (await _rest.PostAsync("/tasks/batch", body)).Json!.AsArray();

    private async Task<JsonArray> PutAsync(JsonArray batch) => (await _rest.PutAsync("/tasks/batch", batch)).Json!.AsArray();
}
