using Eventix.Api.Configuration;
using Eventix.Application.Configuration;
using Microsoft.Extensions.Configuration;

namespace Eventix.Api.Tests.Http;

/// <summary>What browsers ask before and with a call from another site, with the API open to any as it is by default.</summary>
public sealed class CrossOriginTests(RestHost host) : IClassFixture<RestHost>
{
    private const string Origin = "Origin: https://dashboard.example\r\n";
    private const string Preflight =
        Origin + "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: content-type, x-mine\r\n";

    [Theory]
    [InlineData("/task/some")]
    [InlineData("/healthz")]
    [InlineData("/no/such/route")]
    public async Task A_preflight_is_allowed_everything(string path)
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        var answer = await connection.SendAsync($"OPTIONS {path}", Preflight);

        (answer.Status, answer.Body).Should().Be((200, "OK"));
        answer
            .Headers.Should()
            .Contain("Access-Control-Allow-Origin", "https://dashboard.example")
            .And.Contain("Access-Control-Allow-Credentials", "true")
            .And.Contain("Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")
            .And.Contain("Access-Control-Allow-Headers", "content-type, x-mine")
            .And.Contain("Access-Control-Max-Age", "600")
            .And.Contain("Vary", "Origin")
            .And.Contain("Content-Type", "text/plain; charset=utf-8");
    }

    [Theory]
    [InlineData("GET /version", 200)]
    [InlineData("GET /healthz", 200)]
    [InlineData("GET /tasks/next_scheduled?worker_id=w&namespace=nobody", 204)]
    [InlineData("GET /version/", 307)]
    [InlineData("GET /tasks", 404)]
    [InlineData("GET /task/unknown", 404)]
    [InlineData("PATCH /version", 405)]
    [InlineData("OPTIONS /version", 405)]
    [InlineData("POST /task", 422)]
    public async Task Every_answer_may_be_read_by_a_script_of_another_site(string request, int status)
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        var answer = await connection.SendAsync(request, Origin + "Authorization: Bearer whatever\r\nCookie: a=b\r\n");

        answer.Status.Should().Be(status);
        answer
            .Headers.Should()
            .Contain("Access-Control-Allow-Origin", "https://dashboard.example")
            .And.Contain("Access-Control-Allow-Credentials", "true")
            .And.Contain("Vary", "Origin");
    }

    [Fact]
    public async Task A_failure_of_the_server_may_be_read_too()
    {
        await using var broken = new RestHost();
        await broken.InitializeAsync();
        await broken.Database.ExecuteAsync("ALTER TABLE eventix_task RENAME TO gone");
        using var connection = await RawConnection.OpenAsync(broken.Address);

        var answer = await connection.SendAsync("GET /task/some", Origin);

        answer.Status.Should().Be(500);
        answer.Headers.Should().Contain("Access-Control-Allow-Origin", "https://dashboard.example");
    }

    [Fact]
    public async Task Who_sends_no_origin_gets_none_of_it()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        var answer = await connection.SendAsync("GET /version");

        answer.Headers.Keys.Should().NotContain(name => name.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task An_origin_that_no_header_can_hold_is_not_echoed()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        await connection.WriteAsync([.. "GET /version HTTP/1.1\r\nHost: test\r\nOrigin: http://caf"u8, 0xC3, 0xA9, .. "\r\n\r\n"u8]);
        var answer = await connection.ReadAsync();

        answer.Status.Should().Be(200);
        answer.Headers.Should().NotContainKey("Access-Control-Allow-Origin").And.Contain("Vary", "Origin");
    }

    [Fact]
    public async Task Only_the_listed_origins_are_let_in()
    {
        await using var listed = new RestHost
        {
            Variables = [("EVENTIX_CORS_ORIGINS", "http://localhost:3000, https://dashboard.example")],
        };
        await listed.InitializeAsync();
        using var connection = await RawConnection.OpenAsync(listed.Address);

        var mine = await connection.SendAsync("OPTIONS /task", Preflight);
        var other = await connection.SendAsync("OPTIONS /task", Preflight.Replace("dashboard", "evil", StringComparison.Ordinal));
        var get = await connection.SendAsync("GET /version", "Origin: https://evil.example\r\n");

        (mine.Status, mine.Headers["Access-Control-Allow-Origin"]).Should().Be((200, "https://dashboard.example"));
        (other.Status, other.Body).Should().Be((400, "Disallowed CORS origin"));
        other.Headers.Should().NotContainKey("Access-Control-Allow-Origin");
        get.Status.Should().Be(200, "it is the browser that keeps the answer from the script");
        get.Headers.Should().NotContainKey("Access-Control-Allow-Origin").And.Contain("Vary", "Origin");
    }

    [Theory]
    [InlineData("none")]
    [InlineData("")]
    public async Task Switched_off_a_preflight_is_a_wrong_method(string value)
    {
        await using var off = new RestHost { Variables = [("EVENTIX_CORS_ORIGINS", value)] };
        await off.InitializeAsync();
        using var connection = await RawConnection.OpenAsync(off.Address);

        var preflight = await connection.SendAsync("OPTIONS /task", Preflight);
        var get = await connection.SendAsync("GET /version", Origin);

        (preflight.Status, preflight.Body).Should().Be((405, """{"detail":"Method Not Allowed"}"""));
        get.Headers.Should().NotContainKeys("Access-Control-Allow-Origin", "Vary");
    }

    [Theory]
    [InlineData("https://eventix.example/")]
    [InlineData("https://eventix.example/path")]
    [InlineData("eventix.example")]
    [InlineData("*, https://eventix.example")]
    public void What_is_no_origin_is_refused_at_start(string value)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("EVENTIX_CORS_ORIGINS", value)]).Build();
        var variables = new Variables(configuration);

        new ApiOptions().Read(variables);

        variables.Mistakes.Should().ContainSingle().Which.Should().Contain("EVENTIX_CORS_ORIGINS");
    }
}
