using System.Text.Json;

namespace Eventix.Api.Tests.Tasks;

public sealed class RescheduleTests(RestHost host) : IClassFixture<RestHost>
{
    [Fact]
    public async Task A_failed_task_waits_again_without_its_lease_and_its_end()
    {
        await host.PostAsync(
            """
            "uid":"r/1","task":"t","status":"error","worker_id":"w","worker_expires":"2030-01-01T00:00:00Z","expires":"2030-01-01T00:00:00Z",
            "result":{"z" : 1.0, "n":"\u0000"},"error_eta_inc":120,"max_retries":0,"revision":"4-x"
            """.ReplaceLineEndings(" ")
        );

        var reply = await host.SendAsync("GET", "/task/r%2F1/reschedule?eta=2031-01-01T00:00:00%2B02:00");

        reply.Status.Should().Be(200, reply.Text);
        reply.Json.GetProperty("revision").GetString().Should().StartWith("6-");
        reply.Json.GetProperty("eta").GetString().Should().Be("2030-12-31T22:00:00Z");
        new[] { "worker_id", "worker_expires", "expires" }
            .Should()
            .OnlyContain(name => reply.Json.GetProperty(name).ValueKind == JsonValueKind.Null);
        reply
            .Text.Should()
            .Contain("""result":{"z" : 1.0, "n":"\u0000"}""")
            .And.Contain("error_eta_inc\":120")
            .And.Contain("max_retries\":0");
        (await host.SendAsync("GET", "/task/r%2F1")).Should().Be(reply);
    }

    [Fact]
    public async Task Without_an_eta_it_is_due_at_once_and_claimed_at_once()
    {
        await host.PostAsync(""" "uid":"r2","task":"t","status":"retry","namespace":"r2","eta":"2090-01-01T00:00:00Z" """);
        (await host.SendAsync("GET", "/tasks/next_scheduled?worker_id=w&namespace=r2")).Status.Should().Be(204);

        (await host.SendAsync("GET", "/task/r2/reschedule")).Status.Should().Be(200);

        (await host.SendAsync("GET", "/tasks/next_scheduled?worker_id=w&namespace=r2"))
            .Json.GetProperty("uid")
            .GetString()
            .Should()
            .Be("r2");
    }

    [Theory]
    [InlineData("scheduled")]
    [InlineData("processing")]
    [InlineData("done")]
    public async Task A_task_that_has_not_failed_is_left_alone(string status)
    {
        await host.PostAsync($$""" "uid":"r3{{status}}","task":"t","status":"{{status}}" """);
        var before = await host.SendAsync("GET", $"/task/r3{status}");

        var reply = await host.SendAsync("GET", $"/task/r3{status}/reschedule");

        (reply.Status, reply.ErrorClass).Should().Be((422, "WrongTaskStatus"));
        reply.Text.Should().Contain($"\"error_payload\":{{\"uid\":\"r3{status}\",\"status\":\"{status}\"}}");
        (await host.SendAsync("GET", $"/task/r3{status}")).Should().Be(before);
    }

    [Fact]
    public async Task A_second_waiting_task_of_a_key_is_refused()
    {
        await host.PostAsync(
            """ "uid":"r4","task":"t","status":"error","unique_key":"rk" """,
            """ "uid":"r4w","task":"t","unique_key":"rk" """
        );
        var before = await host.SendAsync("GET", "/task/r4");

        var reply = await host.SendAsync("GET", "/task/r4/reschedule");

        (reply.Status, reply.ErrorClass).Should().Be((409, "TaskNotUnique"));
        (await host.SendAsync("GET", "/task/r4")).Should().Be(before);
    }

    [Theory]
    [InlineData("?eta=abc")]
    [InlineData("?eta=")]
    [InlineData("?eta=20230101T000000")]
    [InlineData("?eta=2023-01-01T10:00:00+02:00")]
    public async Task An_eta_that_is_no_time_is_refused(string query)
    {
        var reply = await host.SendAsync("GET", $"/task/nobody/reschedule{query}");

        (reply.Status, reply.Where).Should().Be((422, "query.eta"));
    }

    [Fact]
    public async Task Of_many_who_reschedule_one_task_at_once_one_does()
    {
        await host.PostAsync(""" "uid":"r5","task":"t","status":"error","revision":"1-x" """);

        var replies = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => host.SendAsync("GET", "/task/r5/reschedule")));

        replies.Count(reply => reply.Status == 200).Should().Be(1);
        replies.Where(reply => reply.Status != 200).Should().OnlyContain(reply => reply.ErrorClass == "WrongTaskStatus");
        (await host.SendAsync("GET", "/task/r5")).Json.GetProperty("revision").GetString().Should().StartWith("3-");
    }
}
