using System.Text;
using System.Text.Json;

namespace Eventix.Api.Tests.Http;

/// <summary>What goes over the wire, byte for byte, where a comfortable client would hide it.</summary>
public sealed class WireTests(RestHost host) : IClassFixture<RestHost>
{
    [Fact]
    public async Task One_connection_serves_errors_and_empty_answers_alike()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        (await connection.SendAsync("POST /task", body: "{\"task\":"u8.ToArray())).Status.Should().Be(422);
        (await connection.SendAsync("GET /task/nobody")).Status.Should().Be(404);
        (await connection.SendAsync("GET /tasks/next_scheduled?worker_id=w&namespace=keepalive")).Status.Should().Be(204);
        (await connection.SendAsync("POST /nowhere", body: "{}"u8.ToArray())).Status.Should().Be(404);
        (await connection.SendAsync("PATCH /task", body: new byte[20_000])).Status.Should().Be(405);
        (await connection.SendAsync("HEAD /version")).Status.Should().Be(405);
        (await connection.SendAsync("GET /version/")).Status.Should().Be(307);
        (await connection.SendAsync("DELETE /task/nobody")).Status.Should().Be(404);
        (await connection.SendAsync("POST /task", body: """{"task":"demo","uid":"keepalive"}"""u8.ToArray())).Status.Should().Be(200);
        (await connection.SendAsync("POST /task", body: """{"task":"demo","uid":"keepalive"}"""u8.ToArray())).Status.Should().Be(409);
        (await connection.SendAsync("DELETE /task/keepalive")).Should().BeEquivalentTo(new { Status = 200, Body = "null" });
    }

    [Fact]
    public async Task Every_answer_has_its_length_and_its_type_and_hides_the_server()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);
        RawAnswer[] answers =
        [
            await connection.SendAsync("POST /task", body: """{"task":"demo","kwargs":{"s":"é😀"}}"""u8.ToArray()),
            await connection.SendAsync("POST /task", body: "[]"u8.ToArray()),
            await connection.SendAsync("GET /task/nobody"),
            await connection.SendAsync("GET /nowhere"),
            await connection.SendAsync("PUT /task"),
            await connection.SendAsync("GET /version"),
            await connection.SendAsync("GET /healthz"),
        ];

        foreach (var answer in answers)
        {
            answer.Headers["Content-Type"].Should().Be("application/json");
            answer.Headers["Content-Length"].Should().Be(Encoding.UTF8.GetByteCount(answer.Body).ToString());
            answer.Headers.Keys.Should().NotContain(["Server", "Transfer-Encoding"]);
        }
    }

    [Fact]
    public async Task No_task_is_a_204_without_type_and_body()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        var answer = await connection.SendAsync("GET /tasks/next_scheduled?worker_id=w&namespace=nothing+here");

        answer.Status.Should().Be(204);
        answer.Headers.Keys.Should().NotContain(["Content-Type", "Transfer-Encoding"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Content-Type: \r\n")]
    [InlineData("Content-Type: application/json\r\n")]
    [InlineData("Content-Type: Application/JSON; charset=utf-8\r\n")]
    [InlineData("Content-Type: application/vnd.eventix+json\r\n")]
    public async Task A_body_is_read_as_json_when_nothing_else_is_said(string header)
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        var answer = await connection.SendAsync("POST /task", header, """{"task": "demo", "kwargs": {"x": NaN}}"""u8.ToArray());

        answer.Status.Should().Be(200);
        answer.Body.Should().Contain(""","kwargs":{"x": null},""");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("text/json")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("json")]
    public async Task A_body_of_another_type_is_refused_with_its_text(string type)
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        var answer = await connection.SendAsync("POST /task", $"Content-Type: {type}\r\n", """{"task": "é"}"""u8.ToArray());

        answer.Status.Should().Be(422);
        var error = JsonDocument.Parse(answer.Body).RootElement.GetProperty("detail")[0];
        error.GetProperty("type").GetString().Should().Be("model_attributes_type");
        error.GetProperty("loc").ToString().Should().Be("""["body"]""");
        error.GetProperty("input").GetString().Should().Be("""{"task": "é"}""");
    }

    [Fact]
    public async Task No_body_is_told_as_missing()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        (await connection.SendAsync("PUT /task/x", "Content-Type: application/json\r\n"))
            .Should()
            .BeEquivalentTo(
                new { Status = 422, Body = """{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}""" }
            );
    }

    [Fact]
    public async Task Broken_json_is_told_as_upstream_tells_it()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        var answer = await connection.SendAsync("POST /task", body: "{\"task\":"u8.ToArray());

        answer
            .Body.Should()
            .StartWith("""{"detail":[{"type":"json_invalid","loc":["body",8],"msg":"JSON decode error","input":{},"ctx":{"error":""");
    }

    [Fact]
    public async Task A_body_may_come_in_chunks()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        await connection.WriteAsync(
            "POST /task HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"task\"\r\n"u8.ToArray()
        );
        await connection.WriteAsync("9\r\n: \"demo\"}\r\n0\r\n\r\n"u8.ToArray());

        (await connection.ReadAsync()).Status.Should().Be(200);
    }

    [Fact]
    public async Task Broken_chunks_are_a_bad_request()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        await connection.WriteAsync("POST /task HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"u8.ToArray());

        (await connection.ReadAsync()).Should().BeEquivalentTo(new { Status = 400, Body = """{"detail":"Bad Request"}""" });
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_a_413()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        await connection.WriteAsync("POST /task HTTP/1.1\r\nHost: test\r\nContent-Length: 40000000\r\n\r\n"u8.ToArray());

        (await connection.ReadAsync()).Should().BeEquivalentTo(new { Status = 413, Body = """{"detail":"Payload Too Large"}""" });
    }

    [Theory]
    [InlineData("GET /tasks")]
    [InlineData("GET /")]
    [InlineData("GET /TASK/x")]
    [InlineData("GET /tasks/Next_Scheduled?worker_id=w&namespace=n")]
    [InlineData("GET /task/a/b")]
    [InlineData("GET /nowhere/")]
    [InlineData("GET /healthz/")]
    [InlineData("OPTIONS *")]
    public async Task An_unknown_route_is_a_404(string requestLine)
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        (await connection.SendAsync(requestLine)).Should().BeEquivalentTo(new { Status = 404, Body = """{"detail":"Not Found"}""" });
    }

    [Theory]
    [InlineData("GET /task", "POST")]
    [InlineData("PATCH /task/x", "DELETE, GET, PUT")]
    [InlineData("OPTIONS /version", "GET")]
    [InlineData("POST /tasks/next_scheduled", "GET")]
    public async Task A_wrong_method_is_a_405_that_names_the_right_ones(string requestLine, string allow)
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        var answer = await connection.SendAsync(requestLine);

        answer.Should().BeEquivalentTo(new { Status = 405, Body = """{"detail":"Method Not Allowed"}""" });
        answer.Headers["Allow"].Split(", ").Order().Should().Equal(allow.Split(", "));
    }

    [Theory]
    [InlineData("GET /version/", "/version")]
    [InlineData("GET /version//?a=b%20c", "/version?a=b%20c")]
    [InlineData("GET /task/a%2Fb%25/", "/task/a%2Fb%25")]
    [InlineData("GET /task/caf%C3%A9%20x/", "/task/caf%C3%A9%20x")]
    [InlineData("POST /task/", "/task")]
    public async Task A_slash_at_the_end_leads_to_the_path_without_it(string requestLine, string location)
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        var answer = await connection.SendAsync(requestLine);

        answer.Should().BeEquivalentTo(new { Status = 307, Body = "" });
        answer.Headers["Location"].Should().Be(location);
    }

    [Theory]
    [InlineData("GET /healthz")]
    [InlineData("POST /healthz")]
    [InlineData("BREW /healthz?x")]
    [InlineData("GET http://elsewhere/healthz")]
    public async Task Health_is_answered_to_any_method(string requestLine)
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        (await connection.SendAsync(requestLine)).Should().BeEquivalentTo(new { Status = 200, Body = """{"status": "healthy"}""" });
    }

    [Fact]
    public async Task The_version_is_that_of_the_assembly()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        (await connection.SendAsync("GET /version")).Body.Should().MatchRegex("""^\{"version":"4\.4\.[0-9]+"\}$""");
    }

    [Theory]
    [InlineData("order/42", "order%2F42")]
    [InlineData("a%2Fb", "a%252Fb")]
    [InlineData("..", "..")]
    [InlineData(".", "%2E")]
    [InlineData("a+b c", "a+b%20c")]
    [InlineData("café😀", "caf%C3%A9%F0%9F%98%80")]
    [InlineData("?#&=", "%3F%23%26%3D")]
    [InlineData("by_unique_key", "by_unique_key")]
    [InlineData("50%", "50%")]
    public async Task Any_uid_can_be_reached(string uid, string path)
    {
        using var connection = await RawConnection.OpenAsync(host.Address);
        var body = JsonSerializer.SerializeToUtf8Bytes(new { uid, task = "demo" });

        (await connection.SendAsync("POST /task", body: body)).Status.Should().Be(200);
        var answer = await connection.SendAsync($"GET /task/{path}");
        var absolute = await connection.SendAsync($"GET http://elsewhere/task/{path}");

        answer.Status.Should().Be(200);
        JsonDocument.Parse(answer.Body).RootElement.GetProperty("uid").GetString().Should().Be(uid);
        absolute.Body.Should().Be(answer.Body);
    }

    [Theory]
    [InlineData("GET /task/a%FFb")]
    [InlineData("DELETE /task/%C3")]
    public async Task A_uid_that_is_no_utf8_is_a_422(string requestLine)
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        var answer = await connection.SendAsync(requestLine);

        answer.Status.Should().Be(422);
        answer.Body.Should().Contain(""""loc":["path","uid"]"""");
    }

    [Fact]
    public async Task A_nul_in_the_path_is_refused_before_it_reaches_a_route()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        (await connection.SendAsync("GET /task/a%00b")).Status.Should().Be(400);
    }
}
