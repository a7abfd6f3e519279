using System.Net;
using System.Text.Json.Nodes;
using Eventix.Testing;

namespace Eventix.Api.Tests.Operations;

/// <summary>What an operator sees of a transaction that holds back vacuum.</summary>
public sealed class VacuumTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_forgotten_transaction_is_told_by_readiness_metrics_and_log_and_makes_no_host_unready()
    {
        await using var held = await HeldTransaction.BeginAsync(database.ConnectionString);
        await database.ExecuteAsync("SELECT txid_current()");

        // What another class did meanwhile may be in its snapshot, and is then told in its place until it ends.
        while (
            !await database.ScalarAsync<bool>(
                $"""
                SELECT now() - xact_start > '1 s' AND age(backend_xmin) > age(mod(txid_snapshot_xmin(taken), 4294967296)::text::xid)
                FROM pg_stat_activity, txid_current_snapshot() AS taken
                WHERE pid = {held.Pid}
                """
            )
        )
            await Task.Delay(20, Stop);

        await using var host = new RestHost();
        await host.StartAsync(database.ConnectionString, ("EVENTIX_VACUUM_HELD_SECONDS", "1"), ("EVENTIX_MAINTENANCE_ENABLED", "false"));
        var rest = new Rest(host);

        var plain = await rest.GetAsync("/readyz");
        (plain.Status, plain.Text).Should().Be((HttpStatusCode.OK, """{"status":"ready"}"""));

        var verbose = await rest.GetAsync("/readyz?verbose");
        verbose.Status.Should().Be(HttpStatusCode.OK);
        verbose.Json!["status"]!.GetValue<string>().Should().Be("ready");
        var holder = verbose.Json["vacuum_held_by"]!.AsArray().Single(each => Pid(each) == held.Pid)!.AsObject();
        holder["state"]!.GetValue<string>().Should().Be("idle in transaction");
        holder["seconds"]!.GetValue<double>().Should().BeGreaterThan(1);
        holder["remedy"]!.GetValue<string>().Should().Contain($"SELECT pg_terminate_backend({held.Pid})");

        var text = (await GetTextAsync(host)).Split('\n');
        Value(text, "eventix_vacuum_held_seconds ").Should().BeGreaterThan(1);
        Value(text, $"eventix_vacuum_holder_seconds{{kind=\"transaction\",name=\"{held.Pid}\",holds=\"tables\",").Should().BeGreaterThan(1);
        (await rest.GetAsync("/metrics")).Json!.AsObject().Select(member => member.Key).Should().Equal("memory", "worker", "tasks");

        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (!host.Complaints.Any(line => line.Text.Contains($"held back by the transaction {held.Pid}", StringComparison.Ordinal)))
        {
            DateTime.UtcNow.Should().BeBefore(deadline, "the log tells it, in a host without maintenance too");
            await Task.Delay(20, Stop);
        }
    }

    [Fact]
    public async Task Nothing_is_told_of_what_has_only_just_begun()
    {
        await using var held = await HeldTransaction.BeginAsync(database.ConnectionString);
        await database.ExecuteAsync("SELECT txid_current()");
        await using var host = new RestHost();
        await host.StartAsync(database.ConnectionString);
        var rest = new Rest(host);

        (await rest.GetAsync("/readyz?verbose=1")).Text.Should().Be("""{"status":"ready","vacuum_held_by":[]}""");
        (await GetTextAsync(host)).Should().Contain("\neventix_vacuum_held_seconds 0\n");
    }

    [Fact]
    public async Task A_host_without_its_database_is_not_ready_however_much_it_is_to_tell()
    {
        await using var lonely = new RestHost();
        await lonely.StartAsync("Host=127.0.0.1;Port=1;Username=nobody;Database=none;Timeout=1");

        (await new Rest(lonely).GetAsync("/readyz?verbose")).Status.Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    private static int? Pid(JsonNode? holder) => holder!["pid"]?.GetValue<int>();

    private static double Value(IEnumerable<string> lines, string beginning) =>
        double.Parse(
            lines.Single(line => line.StartsWith(beginning, StringComparison.Ordinal)).Split(' ')[^1],
            System.Globalization.CultureInfo.InvariantCulture
        );

    private static async Task<string> GetTextAsync(RestHost host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Accept.ParseAdd("text/plain");
        using var response = await host.Client.SendAsync(request, Stop);

        return await response.Content.ReadAsStringAsync(Stop);
    }
}
