using System.Text.Json;

namespace Eventix.Api.Tests.Tasks;

/// <summary>The lists: their shape, their orders, their pages.</summary>
public sealed class ListTests(RestHost host) : IClassFixture<RestHost>, IAsyncLifetime
{
    private static bool s_isFilled;

    public async ValueTask InitializeAsync()
    {
        if (s_isFilled)
            return;

        s_isFilled = true;
        await host.PostAsync(
            """ "uid":"c","task":"t","namespace":"l","priority":2,"eta":"2020-01-01T00:00:00Z" """,
            """ "uid":"a","task":"t","namespace":"l","priority":1,"eta":"2020-01-02T00:00:00Z","status":"error" """,
            """ "uid":"B","task":"u","namespace":"l","priority":2,"eta":"2020-01-03T00:00:00Z","status":"done","unique_key":"k" """,
            """ "uid":"é/😀\"","task":"t","namespace":"l","priority":0,"eta":"2020-01-02T00:00:00Z","status":"retry" """,
            """ "uid":"d","task":"t","namespace":"l","priority":2,"eta":"2020-01-01T00:00:00Z","status":"processing","worker_id":"w" """,
            """ "uid":"elsewhere","task":"t","namespace":"other" """
        );
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task The_answer_has_the_keys_of_the_contract_in_their_order_and_then_the_new_one()
    {
        var reply = await host.SendAsync("PUT", "/tasks/by_status", """{"namespace":"l","limit":2,"skip":1,"view":"v\"é","sort":"uid"}""");

        reply
            .Json.EnumerateObject()
            .Select(member => member.Name)
            .Should()
            .Equal("data", "skip", "limit", "max_results", "sort", "view", "ids", "next");
        reply.Json.GetProperty("data").EnumerateObject().Select(member => member.Name).Should().Equal("a", "c");
        reply
            .Text.Should()
            .EndWith(""" "skip":1,"limit":2,"max_results":5,"sort":null,"view":"v\"é","ids":["a","c"],"next":null}""".Trim());
    }

    [Fact]
    public async Task Odd_uids_are_written_as_they_are_in_data_and_in_ids()
    {
        var reply = await host.SendAsync("PUT", "/tasks/by_status", """{"namespace":"l","status":"retry"}""");

        reply.Text.Should().StartWith("""{"data":{"é/😀\"":{"uid":"é/😀\"",""").And.Contain("""ids":["é/😀\""]""");
    }

    [Theory]
    [InlineData("by_status", """{"namespace":"l"}""", "c a B é/😀\" d")]
    [InlineData("by_status", """{"namespace":"l","status":"error"}""", "a")]
    [InlineData("by_status", """{"namespace":"l","status":"Error"}""", "")]
    [InlineData("by_status", """{"namespace":"l","status":null}""", "c a B é/😀\" d")]
    [InlineData("by_status", """{"namespace":"nowhere"}""", "")]
    [InlineData("by_task", """{"task":"t","namespace":"l"}""", "c d é/😀\" a")]
    [InlineData("by_task", """{"task":"","namespace":"l"}""", "")]
    [InlineData("dump", """{"filter":{"namespace":"l"}}""", "B a c d é/😀\"")]
    [InlineData("by_status", """{"namespace":"l","sort":"priority,-eta"}""", "é/😀\" a B c d")]
    [InlineData("by_status", """{"namespace":"l","sort":"-priority,eta"}""", "c d B a é/😀\"")]
    [InlineData("by_status", """{"namespace":"l","sort":" - priority , uid "}""", "B c d a é/😀\"")]
    [InlineData("by_status", """{"namespace":"l","sort":"unique_key,-_id"}""", "é/😀\" d c a B")]
    [InlineData("by_status", """{"namespace":"l","sort":"-unique_key,_rev"}""", "B c a é/😀\" d")]
    [InlineData("by_status", """{"namespace":"l","sort":"status,uid,-status"}""", "B a d é/😀\" c")]
    [InlineData("by_task", """{"task":"t","namespace":"l","sort":"-uid"}""", "é/😀\" d c a")]
    [InlineData("dump", """{"filter":{"namespace":"l"},"sort":"-created_time"}""", "d é/😀\" B a c")]
    public async Task A_list_comes_in_its_own_order_or_in_the_one_that_was_asked_for(string route, string body, string uids) =>
        (await host.UidsAsync(route, body)).Should().Equal(uids.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [Theory]
    [InlineData(0, 0, "c a B é/😀\" d")]
    [InlineData(1, 2, "a B")]
    [InlineData(4, 2, "d")]
    [InlineData(5, 0, "")]
    [InlineData(6, 3, "")]
    [InlineData(0, 5, "c a B é/😀\" d")]
    [InlineData(0, int.MaxValue, "c a B é/😀\" d")]
    [InlineData(int.MaxValue, int.MaxValue, "")]
    public async Task The_total_counts_what_was_skipped_and_cut_off_too(int skip, int limit, string uids)
    {
        var reply = await host.SendAsync("PUT", "/tasks/by_status", $$"""{"namespace":"l","skip":{{skip}},"limit":{{limit}}}""");

        reply.Uids.Should().Equal(uids.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        reply.Json.GetProperty("max_results").GetInt64().Should().Be(5);
        (reply.Json.GetProperty("skip").GetInt32(), reply.Json.GetProperty("limit").GetInt32()).Should().Be((skip, limit));
    }

    [Theory]
    [InlineData("by_status", """ "namespace":"l" """)]
    [InlineData("by_task", """ "task":"t","namespace":"l" """)]
    [InlineData("dump", """ "filter":{"namespace":"l"} """)]
    public async Task Pages_that_go_on_after_one_another_make_the_whole_list(string route, string what)
    {
        var whole = await host.SendAsync("PUT", $"/tasks/{route}", $"{{{what}}}");
        var total = whole.Json.GetProperty("max_results").GetInt64();

        var pages = new List<string>();
        string? next = null;
        do
        {
            var after = next is null ? "" : $",\"after\":{JsonSerializer.Serialize(next)}";
            var page = await host.SendAsync("PUT", $"/tasks/{route}", $$"""{{{what}},"limit":2{{after}}}""");
            page.Status.Should().Be(200, page.Text);
            page.Json.GetProperty("max_results").GetInt64().Should().Be(total);
            pages.AddRange(page.Uids);
            next = page.Json.GetProperty("next").GetString();
        } while (next is not null);

        pages.Should().Equal(whole.Uids);
    }

    [Fact]
    public async Task Waiting_tasks_that_carry_a_worker_stand_in_the_list_once_each_in_the_order_of_arrival()
    {
        const string Held = """ "worker_id":"w","worker_expires":"2100-01-01T00:00:00Z" """;
        await host.PostAsync(
            $$""" "uid":"h1","task":"t","namespace":"held","priority":5,{{Held}} """,
            """ "uid":"f1","task":"t","namespace":"held","priority":9 """,
            """ "uid":"f2","task":"t","namespace":"held","priority":1 """,
            $$""" "uid":"h2","task":"t","namespace":"held","status":"retry",{{Held}} """,
            $$""" "uid":"h3","task":"t","namespace":"held","priority":0,{{Held}} """,
            """ "uid":"f3","task":"t","namespace":"held","priority":0 """,
            """ "uid":"r","task":"t","namespace":"held","status":"processing","worker_id":"w" """
        );

        var list = await host.SendAsync("PUT", "/tasks/by_status", """{"namespace":"held","status":"scheduled","limit":4}""");
        var next = list.Json.GetProperty("next").GetString();
        var rest = await host.SendAsync(
            "PUT",
            "/tasks/by_status",
            $$"""{"namespace":"held","status":"scheduled","limit":4,"after":"{{next}}"}"""
        );

        list.Uids.Should().Equal("h1", "f1", "f2", "h3");
        rest.Uids.Should().Equal("f3");
        list.Json.GetProperty("max_results").GetInt64().Should().Be(5);
        rest.Json.GetProperty("max_results").GetInt64().Should().Be(5);
        (await host.UidsAsync("by_status", """{"namespace":"held","status":"scheduled","sort":"-priority","skip":1}"""))
            .Should()
            .Equal("h1", "f2", "h3", "f3");
        (await host.UidsAsync("by_status", """{"namespace":"held","status":"retry"}""")).Should().Equal("h2");
    }

    [Fact]
    public async Task A_client_that_needs_no_total_need_not_wait_for_it()
    {
        var reply = await host.SendAsync("PUT", "/tasks/by_status", """{"namespace":"l","limit":1,"count":false}""");

        reply.Uids.Should().Equal("c");
        reply.Json.GetProperty("max_results").ValueKind.Should().Be(JsonValueKind.Null);
        (await host.SendAsync("PUT", "/tasks/by_status", """{"count":"maybe"}""")).Where.Should().Be("body.count");
    }

    [Fact]
    public async Task A_page_goes_on_where_a_deleted_task_was()
    {
        await host.PostAsync(
            """ "uid":"p1","task":"t","namespace":"gone" """,
            """ "uid":"p2","task":"t","namespace":"gone" """,
            """ "uid":"p3","task":"t","namespace":"gone" """
        );
        var first = await host.SendAsync("PUT", "/tasks/by_status", """{"namespace":"gone","limit":2}""");
        await host.SendAsync("DELETE", "/task/p2");

        var next = first.Json.GetProperty("next").GetString();

        (await host.UidsAsync("by_status", $$"""{"namespace":"gone","after":"{{next}}"}""")).Should().Equal("p3");
    }

    [Theory]
    [InlineData("by_status", """{"limit":-1}""", "body.limit")]
    [InlineData("by_status", """{"skip":-1}""", "body.skip")]
    [InlineData("by_status", """{"skip":"x"}""", "body.skip")]
    [InlineData("by_status", """{"limit":2147483648}""", "body.limit")]
    [InlineData("by_status", """{"limit":1.5}""", "body.limit")]
    [InlineData("by_status", """{"status":1}""", "body.status")]
    [InlineData("by_status", """{"status":"a\u0000"}""", "body.status")]
    [InlineData("by_status", """{"namespace":"\ud800"}""", "body.namespace")]
    [InlineData("by_status", """{"view":[]}""", "body.view")]
    [InlineData("by_status", """{"sort":"nope"}""", "body.sort")]
    [InlineData("by_status", """{"sort":""}""", "body.sort")]
    [InlineData("by_status", """{"sort":"eta,"}""", "body.sort")]
    [InlineData("by_status", """{"sort":"kwargs"}""", "body.sort")]
    [InlineData("by_status", """{"sort":"eta; DROP TABLE eventix_task"}""", "body.sort")]
    [InlineData("by_status", """{"sort":1}""", "body.sort")]
    [InlineData("by_status", """{"filter":[]}""", "body.filter")]
    [InlineData("by_status", """{"after":"x"}""", "body.after")]
    [InlineData("by_status", """{"after":"-1"}""", "body.after")]
    [InlineData("by_status", """{"after":"99999999999999999999"}""", "body.after")]
    [InlineData("by_task", """{"task":"t","after":"1.2"}""", "body.after")]
    [InlineData("by_task", """{"task":"t","after":"1.9223372036854775807.1"}""", "body.after")]
    [InlineData("dump", """{"after":"\u0000"}""", "body.after")]
    [InlineData("dump", """{"after":"a","sort":"eta"}""", "body.after")]
    [InlineData("by_task", "{}", "body.task")]
    [InlineData("by_task", """{"task":null}""", "body.task")]
    [InlineData("by_task", "", "body")]
    [InlineData("by_status", "[]", "body")]
    public async Task What_no_list_can_be_is_refused_with_its_place(string route, string body, string where)
    {
        var reply = await host.SendAsync("PUT", $"/tasks/{route}", body);

        reply.Status.Should().Be(422, reply.Text);
        reply.Where.Should().Be(where);
    }

    [Theory]
    [InlineData("by_status", null)]
    [InlineData("by_status", "null")]
    [InlineData("by_status", "{}")]
    [InlineData("dump", null)]
    [InlineData("dump", " null\n")]
    public async Task A_list_may_be_asked_for_without_a_body(string route, string? body)
    {
        var reply = await host.SendAsync("PUT", $"/tasks/{route}", body);

        reply.Status.Should().Be(200, reply.Text);
        reply.Uids.Should().Contain("elsewhere");
        reply.Json.GetProperty("limit").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Fact]
    public async Task Names_are_listed_once_each_by_code_point()
    {
        await host.PostAsync(
            """ "task":"Ä","namespace":"names/1" """,
            """ "task":"z","namespace":"names/1" """,
            """ "task":"z","namespace":"names/1","status":"done" """
        );

        (await host.SendAsync("GET", "/namespace/names%2F1/task_types")).Text.Should().Be("""{"task_types":["z","Ä"]}""");
        (await host.SendAsync("GET", "/namespace/nowhere/task_types")).Text.Should().Be("""{"task_types":[]}""");
        (await host.SendAsync("GET", "/namespaces"))
            .Json.GetProperty("namespaces")
            .EnumerateArray()
            .Select(name => name.GetString())
            .Should()
            .ContainInOrder("l", "names/1", "other")
            .And.OnlyHaveUniqueItems();
    }
}
