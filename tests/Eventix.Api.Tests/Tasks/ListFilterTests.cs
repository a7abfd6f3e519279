using System.Text.Json;

namespace Eventix.Api.Tests.Tasks;

/// <summary>What a list can be filtered by, and that nothing of it ever becomes a statement.</summary>
public sealed class ListFilterTests(RestHost host) : IClassFixture<RestHost>, IAsyncLifetime
{
    private static string s_revision = "";

    public async ValueTask InitializeAsync()
    {
        if (s_revision.Length > 0)
            return;

        await host.PostAsync(
            """ "uid":"f1","task":"t1","priority":1,"eta":"2020-01-01T00:00:00Z","unique_key":"","operator":null,"kwargs":{"a":1,"b":{"c":"x"}} """,
            """ "uid":"f2","task":"t2","priority":2,"eta":"2020-01-02T00:00:00Z","retry":false,"max_retries":3,"kwargs":{"a":1.0,"b":{"c":"it's"}} """,
            """ "uid":"f3","task":"t1","priority":-3,"eta":"2020-01-03T00:00:00.5Z","status":"error","worker_id":"w","result":{"e":null} """,
            """ "uid":"f4","task":"t4","status":"done","args":["\u0000",7],"kwargs":{"s":"\ud83d\ude00","z":"\u0000","h":"\ud800"},"result":[1,{"x":true}] """,
            """ "uid":"f5","task":"t5","status":"done","args":[1e999,"q"],"kwargs":{"z":"\\u0000","s":"😀","big":12345678901234567890123},"result":"r" """
        );
        s_revision = (await host.SendAsync("GET", "/task/f2")).Json.GetProperty("revision").GetString()!;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string Filtered(string filter) => $"{{\"filter\":{filter}}}";

    [Theory]
    [InlineData("{}", "12345")]
    [InlineData("""{"task":"t1"}""", "13")]
    [InlineData("""{"task":"t1","priority":1}""", "1")]
    [InlineData("""{"task":{"$eq":"t1"},"priority":{"$eq":1}}""", "1")]
    [InlineData("""{"_id":"f2"}""", "2")]
    [InlineData("""{"uid":{"$in":["f1","f5","nobody"]}}""", "15")]
    [InlineData("""{"uid":{"$in":[]}}""", "")]
    [InlineData("""{"uid":{"$nin":[]}}""", "12345")]
    [InlineData("""{"uid":{"$nin":["f1","f5"]}}""", "234")]
    [InlineData("""{"worker_id":{"$ne":"w"}}""", "1245")]
    [InlineData("""{"worker_id":{"$nin":["w",null]}}""", "")]
    [InlineData("""{"worker_id":{"$in":["x",null]}}""", "1245")]
    [InlineData("""{"worker_id":null}""", "1245")]
    [InlineData("""{"worker_id":{"$ne":null}}""", "3")]
    [InlineData("""{"unique_key":""}""", "1")]
    [InlineData("""{"unique_key":{"$exists":true}}""", "1")]
    [InlineData("""{"unique_key":{"$exists":false}}""", "2345")]
    [InlineData("""{"operator":{"$exists":false}}""", "1")]
    [InlineData("""{"revision":{"$exists":true}}""", "12345")]
    [InlineData("""{"priority":{"$gt":0}}""", "12")]
    [InlineData("""{"priority":{"$gte":0,"$lt":2}}""", "145")]
    [InlineData("""{"priority":{"$lte":-2.5}}""", "3")]
    [InlineData("""{"priority":2.0}""", "2")]
    [InlineData("""{"priority":1.5}""", "")]
    [InlineData("""{"priority":{"$gt":99999999999999999999999}}""", "")]
    [InlineData("""{"priority":{"$in":[1,2.0,7]}}""", "12")]
    [InlineData("""{"max_retries":{"$gt":1}}""", "2")]
    [InlineData("""{"max_retries":{"$ne":3}}""", "1345")]
    [InlineData("""{"retry":false}""", "2")]
    [InlineData("""{"retry":{"$in":[true]}}""", "1345")]
    [InlineData("""{"eta":"2020-01-02T01:00:00+01:00"}""", "2")]
    [InlineData("""{"eta":"2020-01-02"}""", "2")]
    [InlineData("""{"eta":{"$lt":1577923200}}""", "1")]
    [InlineData("""{"eta":{"$in":["2020-01-03T00:00:00.500000Z"]}}""", "3")]
    [InlineData("""{"created_time":{"$gt":"2020-01-01"}}""", "12345")]
    [InlineData("""{"status":"nope"}""", "")]
    [InlineData("""{"status":{"$ne":"nope"}}""", "12345")]
    [InlineData("""{"status":{"$in":["error","done"]}}""", "345")]
    [InlineData("""{"status":{"$lt":"e"}}""", "45")]
    [InlineData("""{"$or":[{"task":"t1","priority":1},{"task":"t4"}]}""", "14")]
    [InlineData("""{"$and":[{"task":"t1"},{"$or":[{"priority":1},{"priority":2}]}]}""", "1")]
    [InlineData("""{"task":"zzz","task":"t1"}""", "13")]
    [InlineData("""{"kwargs.a":1}""", "12")]
    [InlineData("""{"kwargs.b.c":"it's"}""", "2")]
    [InlineData("""{"kwargs.b":{"c":"x"}}""", "1")]
    [InlineData("""{"kwargs":{"b":{"c":"x"},"a":1}}""", "1")]
    [InlineData("""{"kwargs.nothing":null}""", "12345")]
    [InlineData("""{"kwargs.a":"1"}""", "")]
    [InlineData("""{"kwargs.big":12345678901234567890123}""", "5")]
    [InlineData("""{"args":[]}""", "123")]
    [InlineData("""{"args.0":1e999}""", "5")]
    [InlineData("""{"args.0":1e999999}""", "")]
    [InlineData("""{"args":[1e999999]}""", "")]
    [InlineData("""{"args.1":"q"}""", "5")]
    [InlineData("""{"args.1":7}""", "4")]
    [InlineData("""{"args":[1e999,"q"]}""", "5")]
    [InlineData("""{"kwargs.s":"😀"}""", "45")]
    [InlineData("""{"kwargs.s":"\ud83d\ude00"}""", "45")]
    [InlineData("""{"kwargs.z":"\u0000"}""", "4")]
    [InlineData("""{"kwargs.z":"\\u0000"}""", "5")]
    [InlineData("""{"kwargs.h":"\ud800"}""", "4")]
    [InlineData("""{"result.e":null,"status":"error"}""", "3")]
    [InlineData("""{"result.1.x":true}""", "4")]
    [InlineData("""{"result.1.x":false}""", "")]
    [InlineData("""{"result":"r"}""", "5")]
    [InlineData("""{"result":null}""", "12")]
    [InlineData("""{"result":[1,{"x":true}]}""", "4")]
    public async Task A_filter_finds_what_it_says(string filter, string found) =>
        (await host.UidsAsync("dump", Filtered(filter))).Should().Equal(found.Select(digit => $"f{digit}"));

    [Fact]
    public async Task A_revision_is_found_as_it_is_shown()
    {
        (await host.UidsAsync("dump", Filtered($"{{\"_rev\":\"{s_revision}\"}}"))).Should().Equal("f2");
        (await host.UidsAsync("dump", Filtered($"{{\"revision\":{{\"$ne\":\"{s_revision}\"}}}}"))).Should().Equal("f1", "f3", "f4", "f5");
        (await host.UidsAsync("dump", Filtered($"{{\"revision\":{{\"$in\":[\"x\",\"{s_revision}\"]}}}}"))).Should().Equal("f2");
        (await host.UidsAsync("dump", """{"filter":{"revision":"1-abc"}}""")).Should().BeEmpty();

        await host.Database.ExecuteAsync("UPDATE eventix_task SET imported_revision = '7-abc' WHERE uid = 'f5'");

        (await host.UidsAsync("dump", """{"filter":{"_rev":"7-abc"}}""")).Should().Equal("f5");
    }

    [Fact]
    public async Task A_field_of_the_request_overrules_the_filter_at_its_top_only()
    {
        (await host.UidsAsync("by_status", """{"status":"error","filter":{"status":"done"}}""")).Should().Equal("f3");
        (await host.UidsAsync("by_status", """{"status":"error","filter":{"$and":[{"status":"done"}]}}""")).Should().BeEmpty();
        (await host.UidsAsync("by_status", """{"status":null,"filter":{"status":"error"}}""")).Should().Equal("f3");
        (await host.UidsAsync("by_task", """{"task":"t1","filter":{"task":"t2","priority":1}}""")).Should().Equal("f1");
        (await host.UidsAsync("by_status", """{"namespace":"default","filter":{"namespace":"x","uid":"f1"}}""")).Should().Equal("f1");
    }

    [Theory]
    [InlineData("""{"nope":1}""")]
    [InlineData("""{"":1}""")]
    [InlineData("""{"$where":"sleep(1000)"}""")]
    [InlineData("""{"$nor":[{"task":"t"}]}""")]
    [InlineData("""{"task":{"$regex":"^t"}}""")]
    [InlineData("""{"task":{"$regex":"t1"}}""")]
    [InlineData("""{"kwargs.a":{"$eq":1}}""")]
    [InlineData("""{"task":{"$gt":null}}""")]
    [InlineData("""{"task":{}}""")]
    [InlineData("""{"task":["t1"]}""")]
    [InlineData("""{"task":1}""")]
    [InlineData("""{"task":{"$in":"t1"}}""")]
    [InlineData("""{"task":{"$in":["t1",2]}}""")]
    [InlineData("""{"task":{"$exists":1}}""")]
    [InlineData("""{"task":{"$ne":"t1","x":1}}""")]
    [InlineData("""{"task.x":1}""")]
    [InlineData("""{"task":"a\u0000"}""")]
    [InlineData("""{"task":"\ud800"}""")]
    [InlineData("""{"\ud800":"x"}""")]
    [InlineData("""{"kwargs.\u0000":"x"}""")]
    [InlineData("""{"priority":"1"}""")]
    [InlineData("""{"priority":true}""")]
    [InlineData("""{"retry":1}""")]
    [InlineData("""{"retry":{"$gt":false}}""")]
    [InlineData("""{"revision":{"$gt":"1-a"}}""")]
    [InlineData("""{"eta":"tomorrow"}""")]
    [InlineData("""{"eta":true}""")]
    [InlineData("""{"eta":1e300}""")]
    [InlineData("""{"kwargs.a":{"$gt":1}}""")]
    [InlineData("""{"$and":[]}""")]
    [InlineData("""{"$or":{"task":"t1"}}""")]
    [InlineData("""{"$or":[1]}""")]
    public async Task A_filter_that_is_not_understood_is_refused_with_a_reason(string filter)
    {
        var reply = await host.SendAsync("PUT", "/tasks/dump", Filtered(filter));

        reply.Status.Should().Be(422, reply.Text);
        reply.Where.Should().Be("body.filter");
        reply.Text.Should().Contain("the filter is not understood: ");
    }

    [Fact]
    public async Task A_filter_of_absurd_size_is_refused_or_answered_but_never_fails()
    {
        var many = string.Join(',', Enumerable.Repeat("""{"task":"x"}""", 1001));
        var documents = string.Join(',', Enumerable.Repeat("""{"kwargs.a":1}""", 34));
        var nested = string.Concat(Enumerable.Repeat("""{"$and":[""", 40)) + "{}" + string.Concat(Enumerable.Repeat("]}", 40));
        var values = string.Join(',', Enumerable.Range(0, 100_000));

        (await host.SendAsync("PUT", "/tasks/dump", Filtered($"{{\"$or\":[{many}]}}"))).Status.Should().Be(422);
        (await host.SendAsync("PUT", "/tasks/dump", Filtered($"{{\"$or\":[{documents}]}}"))).Status.Should().Be(422);
        (await host.SendAsync("PUT", "/tasks/dump", Filtered(nested))).Status.Should().Be(422);
        (await host.UidsAsync("dump", Filtered($"{{\"priority\":{{\"$in\":[{values}]}}}}"))).Should().Equal("f1", "f2", "f4", "f5");
    }

    [Theory]
    [InlineData("'; DROP TABLE eventix_task; --")]
    [InlineData("' OR '1'='1")]
    [InlineData("\" OR true --")]
    [InlineData("\\'; SELECT 1; --")]
    [InlineData("$1")]
    [InlineData("{}")]
    [InlineData("%_")]
    [InlineData("a}b{c,\"d")]
    public async Task Text_that_looks_like_a_statement_is_text(string text)
    {
        var json = JsonSerializer.Serialize(text);
        var uid = $"i-{text.GetHashCode(StringComparison.Ordinal)}";
        await host.PostAsync($$""" "uid":"{{uid}}","task":{{json}},"namespace":"injected","kwargs":{ {{json}}: {{json}} } """);

        (await host.UidsAsync("dump", Filtered($"{{\"namespace\":\"injected\",\"task\":{json}}}"))).Should().Equal(uid);
        (await host.UidsAsync("dump", Filtered($"{{\"task\":{{\"$in\":[{json}]}}}}"))).Should().Equal(uid);
        if (!text.Contains('.', StringComparison.Ordinal))
            (await host.UidsAsync("dump", Filtered($"{{\"namespace\":\"injected\",{JsonSerializer.Serialize("kwargs." + text)}:{json}}}")))
                .Should()
                .Equal(uid);
        (await host.SendAsync("PUT", "/tasks/dump", Filtered($"{{{json}:1}}"))).Status.Should().Be(422);
        (await host.SendAsync("PUT", "/tasks/dump", $"{{\"sort\":{json}}}")).Status.Should().Be(422);
        (await host.SendAsync("DELETE", $"/task/{uid}")).Status.Should().Be(200);
    }
}
