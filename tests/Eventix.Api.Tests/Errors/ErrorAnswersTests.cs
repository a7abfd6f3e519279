using System.Text.Json;
using Eventix.Testing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Eventix.Api.Tests.Errors;

public sealed class ErrorAnswersTests(RestHost host) : IClassFixture<RestHost>
{
    [Fact]
    public async Task A_broken_rule_has_exactly_the_keys_that_clients_rebuild_it_from()
    {
        (await Get("/task/no%22body%F0%9F%98%80"))
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = 404,
                    Body = """
                    {"error_class":"NotFound","error_message":"Entry with uid 'no\"body😀' not found.","error_status_code":404,
                    "error_traceback":"","error_payload":{"uid":"no\"body😀"}}
                    """.ReplaceLineEndings(""),
                }
            );
    }

    [Fact]
    public async Task A_used_uid_and_a_stale_revision_are_conflicts()
    {
        var first = await Send("POST /task", """{"task": "demo", "uid": "used"}""");
        var revision = JsonDocument.Parse(first.Body).RootElement.GetProperty("revision").GetString();

        (await Send("POST /task", """{"task": "demo", "uid": "used"}"""))
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = 409,
                    Body = """
                    {"error_class":"AlreadyExists","error_message":"Entry with uid 'used' already exists.","error_status_code":409,
                    "error_traceback":"","error_payload":{"uid":"used"}}
                    """.ReplaceLineEndings(""),
                }
            );
        (await Send("PUT /task/used", """{"task": "demo", "revision": "abc"}"""))
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = 409,
                    Body = $$"""
                    {"error_class":"RevisionConflict","error_message":"revision changed to {{revision}}","error_status_code":409,
                    "error_traceback":"","error_payload":{"revision":"{{revision}}"} }
                    """.ReplaceLineEndings("").Replace("} }", "}}", StringComparison.Ordinal),
                }
            );
    }

    [Theory]
    [InlineData("POST /task", """{"task": "a\u0000b"}""", "body", "task")]
    [InlineData("POST /task", """{"task": "t", "uid": "\u0000"}""", "body", "uid")]
    [InlineData("POST /task", """{"task": "t", "namespace": "\u0000"}""", "body", "namespace")]
    [InlineData("POST /task", """{"task": "t", "unique_key": "\u0000"}""", "body", "unique_key")]
    [InlineData("POST /task", """{"task": "t", "worker_id": "\u0000"}""", "body", "worker_id")]
    [InlineData("POST /task", """{"task": "t", "operator": "\u0000"}""", "body", "operator")]
    [InlineData("PUT /task/nul", """{"task": "t", "operator": "\u0000"}""", "body", "operator")]
    [InlineData("POST /task", """{"task": "t", "revision": "9223372036854775807-0"}""", "body", "revision")]
    [InlineData("GET /tasks/next_scheduled?worker_id=w&namespace=%00", null, "query", "namespace")]
    [InlineData("GET /tasks/next_scheduled?worker_id=w", null, "query", "namespace")]
    public async Task What_the_table_cannot_hold_is_told_by_the_name_of_the_wire(
        string requestLine,
        string? body,
        string where,
        string field
    )
    {
        var answer = await Send(requestLine, body);

        answer.Status.Should().Be(422);
        var error = JsonDocument.Parse(answer.Body).RootElement.GetProperty("detail").EnumerateArray().Should().ContainSingle().Subject;
        error.GetProperty("loc").EnumerateArray().Select(part => part.GetString()).Should().Equal(where, field);
        error.GetProperty("msg").GetString().Should().NotBeEmpty();
        error.GetProperty("type").GetString().Should().NotBeEmpty();
        error.TryGetProperty("input", out _).Should().BeTrue();
    }

    [Fact]
    public async Task A_uid_too_long_for_an_index_is_told_where_it_was_sent()
    {
        var uid = new string('x', 3000);

        var posted = await Send("POST /task", JsonSerializer.Serialize(new { task = "t", uid }));
        var put = await Send($"PUT /task/{uid}", """{"task": "t"}""");

        posted.Status.Should().Be(422);
        posted.Body.Should().Contain(""""loc":["body","uid"]"""").And.NotContain(uid);
        put.Status.Should().Be(422);
        put.Body.Should().Contain(""""loc":["path","uid"]"""");
        (await Get($"/task/{uid}")).Status.Should().Be(404);
    }

    [Fact]
    public async Task Everything_missing_from_a_query_is_told_at_once() =>
        (await Get("/tasks/next_scheduled?worker=1"))
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = 422,
                    Body = """
                    {"detail":[{"type":"missing","loc":["query","worker_id"],"msg":"Field required","input":null},
                    {"type":"missing","loc":["query","namespace"],"msg":"Field required","input":null}]}
                    """.ReplaceLineEndings(""),
                }
            );

    [Fact]
    public async Task What_text_cannot_hold_is_kept_inside_of_arguments_and_results()
    {
        const string Odd = """["\u0000\ud800", 1.0, 1e400, 123456789012345678901234567890, {"a":1,"a":2}]""";

        await Send("PUT /task/odd", $$"""{"task": "t", "args": {{Odd}}, "kwargs": {"x": {{Odd}} }, "result": {{Odd}} }""");
        var stored = await Get("/task/odd");

        stored.Body.Should().Contain($"\"args\":{Odd},\"kwargs\":{{\"x\": {Odd} }},").And.Contain($"\"result\":{Odd},");
    }

    [Fact]
    public async Task A_bug_is_a_bare_500_and_logged_once()
    {
        await using var own = new RestHost();
        await own.InitializeAsync();
        await own.Database.ExecuteAsync("ALTER TABLE eventix_task RENAME TO lost");
        using var connection = await RawConnection.OpenAsync(own.Address);

        var answer = await connection.SendAsync("GET /task/x");

        answer
            .Should()
            .BeEquivalentTo(
                new
                {
                    Status = 500,
                    Body = """
                    {"detail":{"error_class":"InternalServerError","error_message":"Internal Server Error","error_traceback":""}}
                    """,
                }
            );
        own.Complaints.Where(entry => entry.Text.Contains("GET /task/x", StringComparison.Ordinal))
            .Should()
            .ContainSingle()
            .Which.Level.Should()
            .Be(LogLevel.Error);
    }

    [Fact]
    public async Task A_database_that_went_away_is_a_503_and_health_stays()
    {
        await using var cluster = await PostgresCluster.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await using var own = new RestHost();
        await own.StartAsync(cluster.ConnectionString);
        await cluster.KillAsync(TestContext.Current.CancellationToken);
        using var connection = await RawConnection.OpenAsync(own.Address);

        var answer = await connection.SendAsync("GET /task/x");
        var health = await connection.SendAsync("GET /healthz");

        answer.Status.Should().Be(503);
        answer.Headers["Retry-After"].Should().Be("2");
        answer
            .Body.Should()
            .Be(
                """{"detail":{"error_class":"ServiceUnavailable","error_message":"The database cannot be reached","error_traceback":""}}"""
            );
        health.Body.Should().Be("""{"status": "healthy"}""");
    }

    [Fact]
    public async Task A_client_that_hangs_up_stops_its_query_and_is_no_error()
    {
        await using var own = new RestHost();
        await own.InitializeAsync();
        using var connection = await RawConnection.OpenAsync(own.Address);
        await using (var blocker = await own.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await using var transaction = await blocker.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await using var block = new NpgsqlCommand("LOCK TABLE eventix_task", blocker, transaction);
            await block.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

            await connection.WriteAsync("GET /task/hangs_up HTTP/1.1\r\nHost: test\r\n\r\n"u8.ToArray());
            await WaitForBlockedQueriesAsync(own, 1);
            connection.Abort();
            await WaitForBlockedQueriesAsync(own, 0);
        }

        // The host lets its requests end before it stops, so whatever the broken one logs is there.
        await own.StopAsync();
        own.Complaints.Where(entry => entry.Text.Contains("/task/", StringComparison.Ordinal)).Should().BeEmpty();
    }

    private static async Task WaitForBlockedQueriesAsync(RestHost host, long count)
    {
        const string Blocked = """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'SELECT%uid = $1%'
            """;

        while (await host.Database.ScalarAsync<long>(Blocked) != count)
            await Task.Delay(10, TestContext.Current.CancellationToken);
    }

    private Task<RawAnswer> Get(string target) => Send($"GET {target}", body: null);

    private async Task<RawAnswer> Send(string requestLine, string? body)
    {
        using var connection = await RawConnection.OpenAsync(host.Address);
        return await connection.SendAsync(requestLine, body: body is null ? null : System.Text.Encoding.UTF8.GetBytes(body));
    }
}
