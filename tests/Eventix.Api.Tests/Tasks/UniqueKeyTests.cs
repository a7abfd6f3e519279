namespace Eventix.Api.Tests.Tasks;

/// <summary>Tasks by their unique key.</summary>
public sealed class UniqueKeyTests(RestHost host) : IClassFixture<RestHost>
{
    [Theory]
    [InlineData("order/42", "order%2F42")]
    [InlineData("a%2Fb", "a%252Fb")]
    [InlineData(" +ü?#", "%20+%C3%BC%3F%23")]
    [InlineData("'; --", "'%3B%20--")]
    public async Task A_key_is_decoded_once(string key, string path)
    {
        await host.PostAsync($$""" "uid":"{{key}}","task":"t","unique_key":"{{key}}","namespace":"n{{key}}" """);

        foreach (var route in new[] { $"/task/by_unique_key/{path}", $"/task/by_unique_key/n{path}/{path}" })
            (await host.SendAsync("GET", route)).Json.GetProperty("uid").GetString().Should().Be(key, route);

        (await host.SendAsync("DELETE", $"/task/by_unique_key/{path}")).Should().Be(new JsonReply(200, "null"));
        (await host.SendAsync("GET", $"/task/by_unique_key/{path}")).ErrorClass.Should().Be("NoTaskFoundForUniqueKey");
    }

    [Fact]
    public async Task A_waiting_task_is_found_behind_any_number_of_finished_ones()
    {
        for (var i = 0; i < 12; i++)
            await host.PostAsync($$""" "uid":"old{{i}}","task":"t","unique_key":"busy","namespace":"nk","status":"done" """);
        await host.PostAsync(
            """ "uid":"failed","task":"t","unique_key":"busy","namespace":"nk","status":"error" """,
            """ "uid":"runs","task":"t","unique_key":"busy","namespace":"nk","status":"processing" """,
            """ "uid":"waits","task":"t","unique_key":"busy","namespace":"nk","status":"retry" """
        );

        var found = new List<string?>();
        foreach (
            var stati in new[]
            {
                "",
                "?stati=retry",
                "?stati=processing",
                "?stati=error",
                "?stati=done",
                "?stati=retry&stati=done",
                "?stati=scheduled",
            }
        )
        {
            var reply = await host.SendAsync("GET", $"/task/by_unique_key/nk/busy{stati}");
            found.Add(reply.Status == 200 ? reply.Json.GetProperty("uid").GetString() : reply.ErrorClass);
        }

        found.Should().Equal("waits", "waits", "runs", "failed", "old0", "old0", "NoTaskFoundForUniqueKey");
        (await host.SendAsync("GET", "/task/by_unique_key/busy")).Json.GetProperty("uid").GetString().Should().Be("waits");
        (await host.SendAsync("DELETE", "/task/by_unique_key/busy")).Status.Should().Be(200);
        (await host.SendAsync("DELETE", "/task/by_unique_key/busy")).ErrorClass.Should().Be("NoTaskFoundForUniqueKey");
    }

    [Fact]
    public async Task A_key_that_waits_in_two_namespaces_is_deleted_in_neither()
    {
        await host.PostAsync(
            """ "task":"t","unique_key":"two","namespace":"x1" """,
            """ "task":"t","unique_key":"two","namespace":"x2" """
        );

        foreach (var method in new[] { "GET", "DELETE" })
        {
            var reply = await host.SendAsync(method, "/task/by_unique_key/two");
            (reply.Status, reply.ErrorClass).Should().Be((409, "TaskUniqueKeyNotUnique"));
            reply.Text.Should().Contain("\"error_payload\":{}");
        }

        (await host.SendAsync("GET", "/task/by_unique_key/x2/two")).Status.Should().Be(200);
    }

    [Fact]
    public async Task The_word_reschedule_is_a_key_for_deletion_only()
    {
        await host.PostAsync(""" "uid":"kr","task":"t","unique_key":"reschedule","namespace":"kr" """);

        var get = await host.SendAsync("GET", "/task/by_unique_key/reschedule");

        (get.ErrorClass, get.Json.GetProperty("error_message").GetString())
            .Should()
            .Be(("NotFound", "Entry with uid 'by_unique_key' not found."));
        (await host.SendAsync("GET", "/task/by_unique_key/kr/reschedule")).Json.GetProperty("uid").GetString().Should().Be("kr");
        (await host.SendAsync("DELETE", "/task/by_unique_key/reschedule")).Status.Should().Be(200);
        (await host.SendAsync("POST", "/task/by_unique_key/reschedule")).Status.Should().Be(405);
    }

    [Fact]
    public async Task An_empty_key_is_no_path_of_its_own()
    {
        await host.PostAsync(""" "uid":"ek","task":"t","unique_key":"","namespace":"ek" """);

        (await host.SendAsync("GET", "/task/by_unique_key/")).Status.Should().Be(307);
        (await host.SendAsync("GET", "/task/by_unique_key")).ErrorClass.Should().Be("NotFound");
        (await host.SendAsync("GET", "/task/by_unique_key//k")).Text.Should().Be("""{"detail":"Not Found"}""");
    }

    [Theory]
    [InlineData("?stati=nope", "query.stati.0")]
    [InlineData("?stati=done&stati=", "query.stati.1")]
    [InlineData("?stati=DONE", "query.stati.0")]
    public async Task A_status_that_does_not_exist_is_named_by_its_place(string query, string where)
    {
        var reply = await host.SendAsync("GET", $"/task/by_unique_key/n/k{query}");

        (reply.Status, reply.Where).Should().Be((422, where));
    }
}
