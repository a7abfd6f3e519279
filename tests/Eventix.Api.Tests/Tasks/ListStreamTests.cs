using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Eventix.Testing;

namespace Eventix.Api.Tests.Tasks;

/// <summary>Lists that are longer than memory. A tenth of the rows, or all with EVENTIX_LONG_TESTS=1.</summary>
public sealed partial class ListStreamTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const long MostGrowth = 100 << 20;

    private static readonly int Rows = Environment.GetEnvironmentVariable("EVENTIX_LONG_TESTS") == "1" ? 1_000_000 : 100_000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_list_of_every_task_streams_and_the_process_hardly_grows()
    {
        await FillAsync();
        await using var api = HostProcess.Start("Eventix.Api", [], [("DATABASE_URL", database.Url), ("EVENTIX_API_PORT", "0")]);
        using var client = new HttpClient { BaseAddress = await AddressAsync(api), Timeout = TimeSpan.FromMinutes(10) };
        await ReadAsync(client, "by_status", """{"limit":1000}""");
        var before = MemoryOf(api.Id);

        var list = await ReadAsync(client, "dump", body: null);

        (MemoryOf(api.Id) - before).Should().BeLessThan(MostGrowth);
        list.Should().Be((Rows, Rows, Rows, true));
    }

    [Fact]
    public async Task An_error_in_the_middle_cuts_the_answer_off()
    {
        await FillAsync();
        await using var api = HostProcess.Start("Eventix.Api", [], [("DATABASE_URL", database.Url), ("EVENTIX_API_PORT", "0")]);
        using var client = new HttpClient { BaseAddress = await AddressAsync(api) };

        using var response = await StartAsync(client);
        await using var answer = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var read = await answer.ReadAtLeastAsync(new byte[100], 100, cancellationToken: TestContext.Current.CancellationToken);
        await database.ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT t.id%'"
        );
        var rest = () => answer.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);

        read.Should().BeGreaterThan(0);
        await rest.Should().ThrowAsync<Exception>("half a list must not look whole");
        (await client.GetStringAsync(new Uri("/namespaces", UriKind.Relative), TestContext.Current.CancellationToken))
            .Should()
            .Contain("stream", "the next one is answered");
    }

    [Fact]
    public async Task A_client_that_hangs_up_ends_the_query()
    {
        await FillAsync();
        await using var api = HostProcess.Start("Eventix.Api", [], [("DATABASE_URL", database.Url), ("EVENTIX_API_PORT", "0")]);
        using var client = new HttpClient { BaseAddress = await AddressAsync(api) };

        using (var response = await StartAsync(client))
            (await RunningAsync()).Should().Be(1);

        // No sleep-and-hope: the query either ends, or this does not.
        using var patience = new CancellationTokenSource(Patience);
        while (await RunningAsync() > 0)
            await Task.Delay(20, patience.Token);
    }

    private static Task<HttpResponseMessage> StartAsync(HttpClient client) =>
        client.SendAsync(
            new HttpRequestMessage(HttpMethod.Put, "/tasks/dump"),
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );

    private Task<long> RunningAsync() =>
        database.ScalarAsync<long>(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'SELECT t.id%' AND state = 'active' AND backend_type = 'client backend'
            """
        );

    // What a usual task looks like, and enough of them that no buffer on the way holds a tenth.
    private Task FillAsync() =>
        database.ExecuteAsync(
            $$"""
            INSERT INTO eventix_task (uid, namespace, task, kwargs, status, result)
            SELECT md5(n::text), 'stream', 'task', '{"full_tr_number": "KL1234567", "language": "de"}', 'done', '{"ok": true}'
            FROM generate_series(1, {{Rows}}) n
            ON CONFLICT (uid) DO NOTHING
            """
        );

    /// <summary>How many tasks and uids came, the total that was told, and whether the uids were in order; without keeping the answer.</summary>
    private static async Task<(int Tasks, int Ids, long Total, bool InOrder)> ReadAsync(HttpClient client, string route, string? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/tasks/{route}");
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);

        var (tasks, ids, total, inOrder, inIds, last) = (0, 0, 0L, true, false, "");
        var state = new JsonReaderState();
        var buffer = new byte[1 << 20];
        var kept = 0;
        for (var isFinal = false; !isFinal; )
        {
            var read = await stream.ReadAsync(buffer.AsMemory(kept), TestContext.Current.CancellationToken);
            isFinal = read == 0;
            var reader = new Utf8JsonReader(buffer.AsSpan(0, kept + read), isFinal, state);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 2)
                    tasks++;
                else if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
                    inIds = reader.ValueTextEquals("ids"u8);
                else if (reader is { TokenType: JsonTokenType.Number, CurrentDepth: 1 })
                    total = reader.GetInt64();
                else if (inIds && reader is { TokenType: JsonTokenType.String, CurrentDepth: 2 })
                {
                    ids++;
                    inOrder &= string.CompareOrdinal(last, last = reader.GetString()!) < 0;
                }
            }

            state = reader.CurrentState;
            kept = kept + read - (int)reader.BytesConsumed;
            buffer.AsSpan((int)reader.BytesConsumed, kept).CopyTo(buffer);
        }

        return (tasks, ids, total, inOrder);
    }

    // The most that it ever held, as Linux counts it.
    private static long MemoryOf(int process) =>
        1024
        * long.Parse(
            Peak().Match(File.ReadAllText($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/status")).Groups["kB"].Value,
            CultureInfo.InvariantCulture
        );

    private static async Task<Uri> AddressAsync(HostProcess api) =>
        new(Address().Match(await api.WaitForLineAsync("Now listening on", Patience)).Value);

    [GeneratedRegex(@"VmHWM:\s+(?<kB>\d+) kB", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Peak();

    [GeneratedRegex(@"http://[0-9.:]+", RegexOptions.None, 1000)]
    private static partial Regex Address();
}
