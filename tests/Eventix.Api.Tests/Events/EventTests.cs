namespace Eventix.Api.Tests.Events;

public sealed class EventTests(RestHost host) : IClassFixture<RestHost>
{
    private const string Row =
        "SELECT concat_ws('|', namespace, name, coalesce(operator, 'NULL'), priority, payload, version, revision, timestamp) FROM eventix_event WHERE uid = ";

    [Theory]
    [InlineData("e1", "", "default|TEventixEvent|NULL|0|{}|1|1|")]
    [InlineData("e2", ""","namespace":null,"name":null,"priority":null,"payload":null,"version":null""", "NULL|0|{}|1|1|")]
    [InlineData(
        "e3",
        ""","namespace":"n","name":"Sent","operator":"o","priority":"7","payload":{"a" : 1.0},"timestamp":"2020-01-01","revision":"3-x" """,
        "n|Sent|o|7|{\"a\" : 1.0}|1|4|2020-01-01 00:00:00+00"
    )]
    [InlineData(
        "e4",
        ""","bogus":1,"payload":{"n":NaN,"z":"\u0000"},"timestamp":1577836800""",
        "default|TEventixEvent|NULL|0|{\"n\":null,\"z\":\"\\u0000\"}|1|1|2020-01-01 00:00:00+00"
    )]
    public async Task An_event_is_stored_with_its_defaults(string uid, string fields, string row)
    {
        var reply = await host.SendAsync("POST", "/event", $$"""{"uid":"{{uid}}"{{fields}}}""");

        reply.Should().Be(new JsonReply(200, "[]"));
        await using var source = Npgsql.NpgsqlDataSource.Create(host.Database.ConnectionString + ";Timezone=UTC");
        await using var command = source.CreateCommand($"{Row}'{uid}'");
        ((string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!).Should().StartWith(row);
    }

    [Fact]
    public async Task An_event_is_stored_once_per_uid()
    {
        foreach (var name in new[] { "first", "second" })
            (await host.SendAsync("POST", "/event", $$"""{"uid":"once","name":"{{name}}"}""")).Text.Should().Be("[]");

        (await host.Database.ScalarAsync<string>("SELECT string_agg(name, ',') FROM eventix_event WHERE uid = 'once'"))
            .Should()
            .Be("first");
    }

    [Theory]
    [InlineData("""{"payload":[1]}""", "body.payload")]
    [InlineData("""{"priority":"x"}""", "body.priority")]
    [InlineData("""{"timestamp":"x"}""", "body.timestamp")]
    [InlineData("""{"updated_time":"x"}""", "body.updated_time")]
    [InlineData("""{"name":1}""", "body.name")]
    [InlineData("""{"uid":"a\u0000"}""", "body.uid")]
    [InlineData("""{"namespace":"\u0000"}""", "body.namespace")]
    [InlineData("""{"revision":"99999999999999999999-x"}""", "body.revision")]
    [InlineData("", "body")]
    [InlineData("[]", "body")]
    public async Task What_is_no_event_is_refused_with_its_place(string body, string where)
    {
        var reply = await host.SendAsync("POST", "/event", body);

        reply.Status.Should().Be(422, reply.Text);
        reply.Where.Should().Be(where);
    }
}
