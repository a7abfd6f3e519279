using System.Net;
using System.Text.Json.Nodes;
using Eventix.Testing;

namespace Eventix.Api.Tests.Operations;

public sealed class OperationsTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly RestHost _host = new();

    private Rest Rest => new(_host);

    // Nothing may rescue the lost lease before it is looked at.
    public async ValueTask InitializeAsync() => await _host.StartAsync(database.ConnectionString, ("EVENTIX_MAINTENANCE_ENABLED", "false"));

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Statistics_metrics_and_text_tell_what_is_there()
    {
        await database.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, namespace, status, eta, priority, worker_id, worker_expires)
            VALUES
                ('1', 'a', 'x', 'scheduled', now() - interval '100 s', 5, NULL, NULL),
                ('2', 'a', 'x', 'scheduled', now() - interval '50 s', 1, NULL, NULL),
                ('3', 'b "quoted\', 'x', 'retry', now() + interval '1 h', 0, NULL, NULL),
                ('4', 'a', 'x', 'processing', now(), 0, 'w1', now() + interval '1 h'),
                ('5', 'a', 'x', 'processing', now(), 0, 'w1', now() + interval '1 h'),
                ('6', 'a', 'y', 'processing', now(), 0, 'w2', now() + interval '1 h'),
                ('7', 'a', 'y', 'processing', now(), 0, 'lost', now() - interval '1 s'),
                ('8', 'a', 'y', 'error', now(), 0, 'w2', NULL),
                ('9', 'a', 'z', 'done', now(), 0, 'w3', NULL),
                ('10', 'a', 'x', 'scheduled', now() - interval '900 s', 0, 'holds it', now() + interval '1 h'),
                ('11', 'a', 'y', 'scheduled', now() + interval '1 h', 0, NULL, NULL)
            """
        );

        var stats = (await Rest.GetAsync("/tasks/stats")).Json!;
        var metrics = await Rest.GetAsync("/metrics");
        var text = await TextAsync("text/plain");

        stats["workers"]!.GetValue<long>().Should().Be(2);
        stats["age"]!.GetValue<double>().Should().BeInRange(0, 11);
        stats["namespaces"]!
            .AsArray()
            .Select(each => (Text(each, "namespace"), Number(each, "waiting"), Number(each, "processing"), Number(each, "error")))
            .Should()
            .Equal(("x", 4, 2, 0), ("y", 1, 2, 1));
        stats["namespaces"]![0]!["lag"]!.GetValue<double>().Should().BeInRange(99, 160);
        stats["namespaces"]![0]!["oldest_due"]!
            .GetValue<DateTime>()
            .Should()
            .BeCloseTo(DateTime.UtcNow.AddSeconds(-100), TimeSpan.FromSeconds(60));
        (stats["namespaces"]![1]!["lag"], stats["namespaces"]![1]!["oldest_due"]).Should().Be((null, null));
        stats["counts"]!
            .AsArray()
            .Select(each => each!.ToJsonString())
            .Should()
            .Equal(
                """{"namespace":"x","task":"a","scheduled":3,"processing":2,"done":0,"error":0,"retry":0}""",
                """{"namespace":"x","task":"b \u0022quoted\\","scheduled":0,"processing":0,"done":0,"error":0,"retry":1}""",
                """{"namespace":"y","task":"a","scheduled":1,"processing":2,"done":0,"error":1,"retry":0}""",
                """{"namespace":"z","task":"a","scheduled":0,"processing":0,"done":1,"error":0,"retry":0}"""
            );

        metrics.Json!.AsObject().Select(member => member.Key).Should().Equal("memory", "worker", "tasks");
        metrics.Json["memory"]!.AsObject().Select(member => member.Key).Should().Equal("rss", "vms", "data");
        metrics.Json["memory"]!.AsObject().Should().OnlyContain(member => member.Value!.GetValue<long>() > 1_000_000);
        metrics.Json["worker"]!.ToJsonString().Should().Be("""{"number_of_worker":2}""");
        metrics.Json["tasks"]!.ToJsonString().Should().Be("""{"scheduled":4,"retry":1,"error":1,"done":1}""");

        text.Should()
            .Contain("\neventix_tasks{namespace=\"x\",task=\"b \\\"quoted\\\\\",status=\"retry\"} 1\n")
            .And.Contain("\neventix_waiting_tasks{namespace=\"x\"} 4\n")
            .And.Contain("\n# TYPE eventix_lag_seconds gauge\n")
            .And.StartWith("# HELP eventix_workers ");
    }

    [Theory]
    [InlineData("text/plain", "text/plain")]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", "text/plain")]
    [InlineData("*/*", "application/json")]
    [InlineData("text/html,application/xhtml+xml,*/*;q=0.8", "application/json")]
    [InlineData("application/json, text/plain;q=0.9", "application/json")]
    [InlineData("text/plain;q=0, */*", "application/json")]
    [InlineData(null, "application/json")]
    public async Task Metrics_are_text_only_for_who_asks_for_text(string? accept, string expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);

        using var response = await _host.Client.SendAsync(request, TestContext.Current.CancellationToken);

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.Should().Be(expected);
    }

    [Fact]
    public async Task The_earliest_time_there_is_does_not_break_the_statistics()
    {
        await using var host = new RestHost();
        await host.InitializeAsync();
        var rest = new Rest(host);
        await rest.PostAsync("/task", """{"task":"t","namespace":"early","eta":"0001-01-01T00:00:00"}""");

        var stats = await rest.GetAsync("/tasks/stats");
        var metrics = await rest.GetAsync("/metrics");

        (stats.Status, metrics.Status).Should().Be((HttpStatusCode.OK, HttpStatusCode.OK));
        stats.Json!["namespaces"]!.AsArray().Select(node => Text(node, "namespace")).Should().Contain("early");
    }

    [Fact]
    public async Task A_host_with_its_database_is_alive_and_ready()
    {
        var (alive, ready) = (await Rest.GetAsync("/livez"), await Rest.GetAsync("/readyz"));

        (alive.Status, alive.Text).Should().Be((HttpStatusCode.OK, """{"status":"alive"}"""));
        (ready.Status, ready.Text).Should().Be((HttpStatusCode.OK, """{"status":"ready"}"""));
    }

    [Fact]
    public async Task A_host_without_its_database_is_alive_and_not_ready()
    {
        await using var lonely = new RestHost();
        await lonely.StartAsync("Host=127.0.0.1;Port=1;Username=nobody;Database=none;Timeout=1");
        var rest = new Rest(lonely);

        (await rest.GetAsync("/livez")).Status.Should().Be(HttpStatusCode.OK);
        var ready = await rest.GetAsync("/readyz");

        ready.Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        ready.Json!["detail"]!["error_class"]!.GetValue<string>().Should().Be("ServiceUnavailable");
    }

    private static string Text(JsonNode? node, string member) => node![member]!.GetValue<string>();

    private static long Number(JsonNode? node, string member) => node![member]!.GetValue<long>();

    private async Task<string> TextAsync(string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Accept.ParseAdd(accept);
        using var response = await _host.Client.SendAsync(request, TestContext.Current.CancellationToken);

        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
