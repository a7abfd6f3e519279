using System.Net;
using System.Text.Json.Nodes;

namespace Eventix.Api.Tests.Tasks;

public sealed class LeaseTests(RestHost host) : IClassFixture<RestHost>
{
    private readonly Rest _rest = new(host);

    [Fact]
    public async Task A_heartbeat_extends_the_lease_and_leaves_the_revision()
    {
        var task = await ClaimedAsync("h1");

        var answer = await _rest.PostAsync(
            "/task/h1/heartbeat",
            new JsonObject { ["revision"] = task["revision"]!.DeepClone(), ["lease"] = 4000 }
        );

        answer.Status.Should().Be(HttpStatusCode.OK);
        answer.Json!["state"]!.GetValue<string>().Should().Be("extended");
        var stored = (await _rest.GetAsync("/task/h1")).Json!;
        stored["revision"]!.GetValue<string>().Should().Be(task["revision"]!.GetValue<string>());
        stored["worker_expires"]!.GetValue<string>().Should().Be(answer.Json["worker_expires"]!.GetValue<string>());
        stored["worker_expires"]!.GetValue<DateTime>().Should().BeCloseTo(DateTime.UtcNow.AddSeconds(4000), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task One_heartbeat_tells_of_each_task_whether_it_is_held_cancelled_or_lost()
    {
        var (held, cancelled, lost) = (await ClaimedAsync("b1"), await ClaimedAsync("b2"), await ClaimedAsync("b3"));
        (await _rest.PostAsync("/task/b2/cancel")).Json!["status"]!.GetValue<string>().Should().Be("processing");
        var taken = lost.DeepClone();
        taken["status"] = "scheduled";
        taken["worker_id"] = null;
        (await _rest.PutAsync("/task/b3", taken)).Status.Should().Be(HttpStatusCode.OK);

        var answer = await _rest.PostAsync(
            "/tasks/heartbeat",
            new JsonObject { ["tasks"] = new JsonArray(Held(lost), Held(held), Held("never was", "1-2"), Held(cancelled), Held(held)) }
        );

        answer
            .Json!.AsArray()
            .Select(item => (item!["uid"]!.GetValue<string>(), item["state"]!.GetValue<string>()))
            .Should()
            .Equal(("b3", "lost"), ("b1", "extended"), ("never was", "lost"), ("b2", "cancelled"), ("b1", "extended"));
        answer.Json.AsArray().Select(item => item!["worker_expires"] is null).Should().Equal(true, false, true, false, false);
    }

    [Fact]
    public async Task A_cancelled_running_task_is_written_back_under_the_revision_of_its_claim()
    {
        var task = await ClaimedAsync("c1");
        await _rest.PostAsync("/task/c1/cancel");

        task["status"] = "done";
        task["result"] = 7;

        (await _rest.PutAsync("/task/c1", task)).Json!["status"]!.GetValue<string>().Should().Be("done");
    }

    [Fact]
    public async Task A_cancelled_waiting_task_ends_as_an_error_that_says_so_and_frees_its_key()
    {
        await _rest.PostAsync("/task", """{"uid":"c2","task":"t","unique_key":"c2","error_expires":60,"eta":"2100-01-01"}""");

        var cancelled = (await _rest.PostAsync("/task/c2/cancel")).Json!;

        cancelled["status"]!.GetValue<string>().Should().Be("error");
        cancelled["expires"].Should().NotBeNull();
        cancelled["result"]!
            .AsObject()
            .Select(member => member.Key)
            .Should()
            .Equal("error_class", "error_message", "error_status_code", "error_traceback", "error_payload");
        cancelled["result"]!["error_class"]!.GetValue<string>().Should().Be("TaskCancelled");
        var next = await _rest.PostAsync("/task", """{"uid":"c3","task":"t","unique_key":"c2"}""");
        next.Json!["uid"]!.GetValue<string>().Should().Be("c3");
    }

    [Fact]
    public async Task What_is_finished_cannot_be_cancelled_and_what_is_missing_is_not_found()
    {
        await _rest.PostAsync("/task", """{"uid":"c4","task":"t","status":"done"}""");

        var finished = await _rest.PostAsync("/task/c4/cancel");
        var missing = await _rest.PostAsync("/task/c5/cancel");

        finished.Status.Should().Be(HttpStatusCode.UnprocessableEntity);
        finished.Json!["error_class"]!.GetValue<string>().Should().Be("WrongTaskStatus");
        finished.Json["error_payload"]!.ToJsonString().Should().Be("""{"uid":"c4","status":"done"}""");
        missing.Status.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_delete_with_a_revision_deletes_only_that_revision()
    {
        var task = (await _rest.PostAsync("/task", """{"uid":"d1","task":"t"}""")).Json!;
        var revision = task["revision"]!.GetValue<string>();

        var stale = await _rest.DeleteAsync("/task/d1?revision=1-abc");
        var fitting = await _rest.DeleteAsync($"/task/d1?revision={revision}");
        var gone = await _rest.DeleteAsync($"/task/d1?revision={revision}");

        stale.Status.Should().Be(HttpStatusCode.Conflict);
        stale.Json!["error_payload"]!["revision"]!.GetValue<string>().Should().Be(revision);
        (fitting.Status, fitting.Text).Should().Be((HttpStatusCode.OK, "null"));
        gone.Status.Should().Be(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("/task/x/heartbeat", "{}")]
    [InlineData("/task/x/heartbeat", """{"revision":"1-2","lease":0}""")]
    [InlineData("/task/x/heartbeat", """{"revision":"1-2","lease":86401}""")]
    [InlineData("/task/x/heartbeat", """{"revision":"1\u0000"}""")]
    [InlineData("/tasks/heartbeat", "{}")]
    [InlineData("/tasks/heartbeat", """{"tasks":null}""")]
    [InlineData("/tasks/heartbeat", """{"tasks":[1]}""")]
    [InlineData("/tasks/heartbeat", """{"tasks":[{"uid":"a"}]}""")]
    [InlineData("/tasks/heartbeat", """{"tasks":[{"uid":"a\u0000","revision":"1-2"}]}""")]
    public async Task A_heartbeat_of_the_wrong_shape_is_refused(string path, string body)
    {
        var answer = await _rest.PostAsync(path, body);

        answer.Status.Should().Be(HttpStatusCode.UnprocessableEntity);
        answer.Json!["detail"]!.AsArray().Should().NotBeEmpty();
    }

    private static JsonObject Held(JsonNode task) => Held(task["uid"]!.GetValue<string>(), task["revision"]!.GetValue<string>());

    private static JsonObject Held(string uid, string revision) => new() { ["uid"] = uid, ["revision"] = revision };

    private async Task<JsonNode> ClaimedAsync(string uid)
    {
        await _rest.PostAsync(
            "/task",
            new JsonObject
            {
                ["uid"] = uid,
                ["task"] = "t",
                ["namespace"] = uid,
            }
        );

        return (await _rest.GetAsync($"/tasks/next_scheduled?worker_id=w&namespace={uid}")).Json!;
    }
}
