using System.Globalization;
using System.Text.Json;
using Eventix.Api.Tests.Docs;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Eventix.Api.Tests.Robustness;

/// <summary>
/// Whatever is thrown at a route: it is no error of the server, is refused in a shape that clients know, changes nothing when it is refused,
/// and the connection goes on.
/// </summary>
public sealed class AnyInputTests(AnyInputTests.QuietHost quiet) : IClassFixture<AnyInputTests.QuietHost>
{
    private const string SeedVariable = "EVENTIX_TEST_SEED";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly RestHost _host = quiet.Host;

    [Fact]
    public async Task Whatever_is_thrown_at_a_route_is_taken_or_refused_in_a_known_shape()
    {
        var operations = await Operation.ReadAsync(_host);
        await using var target = await Target.OpenAsync(_host);
        var seed = Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } given
            ? ulong.Parse(given, CultureInfo.InvariantCulture)
            : (ulong)Random.Shared.NextInt64();
        var requests = Environment.GetEnvironmentVariable("EVENTIX_LONG_TESTS") == "1" ? 20_000 : 1_000;

        try
        {
            Prop.ForAll(ThrownRequests.For(operations), request => target.ThrowAsync(request).GetAwaiter().GetResult())
                .Check(
                    Config
                        .QuickThrowOnFailure.WithMaxTest(requests)
                        .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(seed), FSharpOption<int>.None)))
                );
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"Again with {SeedVariable}={seed}: {failure.Message}", failure);
        }

        target.Statuses.Should().Contain(status => status == 200).And.Contain(status => status == 422, "both good and bad ones were sent");
    }

    /// <summary>One kept connection, and what is known of the database behind it.</summary>
    private sealed class Target : IAsyncDisposable
    {
        private readonly RestHost _host;
        private readonly string _fingerprint;
        private RawConnection? _connection;
        private string _rows = "";

        private Target(RestHost host, string fingerprint)
        {
            _host = host;
            _fingerprint = fingerprint;
        }

        public HashSet<int> Statuses { get; } = [];

        public static async Task<Target> OpenAsync(RestHost host)
        {
            var tables = await host.Database.ScalarAsync<string[]>(
                "SELECT array_agg(tablename::text ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'"
            );
            var parts = tables.Select(table =>
                $"""(SELECT '{table} ' || count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM "{table}" t)"""
            );

            return new Target(host, $"SELECT concat_ws(', ', {string.Join(", ", parts)})");
        }

        public async Task ThrowAsync(ThrownRequest request)
        {
            try
            {
                if (_connection is null)
                {
                    _connection = await RawConnection.OpenAsync(_host.Address);
                    _rows = await _host.Database.ScalarAsync<string>(_fingerprint);
                }

                var answer = await _connection
                    .SendAsync($"{request.Method} {request.Target}", request.Headers, request.Body)
                    .WaitAsync(Patience, TestContext.Current.CancellationToken);
                var rows = await _host.Database.ScalarAsync<string>(_fingerprint);

                Check(request, answer, rows);
                Statuses.Add(answer.Status);
                _rows = rows;
            }
            catch
            {
                _connection?.Dispose();
                _connection = null;
                throw;
            }
        }

        public ValueTask DisposeAsync()
        {
            _connection?.Dispose();
            return ValueTask.CompletedTask;
        }

        private void Check(ThrownRequest request, RawAnswer answer, string rows)
        {
            var what = $"{request} was answered {answer.Status} {answer.Body[..Math.Min(answer.Body.Length, 2000)]}";

            answer.Status.Should().BeLessThan(500, what);
            answer.Headers.Should().NotContainKey("Connection", what);
            if (answer.Status is < 200 or >= 300)
                rows.Should().Be(_rows, what);
            if (answer.Status >= 400)
                ShapeOf(answer).Should().NotBeNull(what);
            else if (answer.Body.Length > 0 && answer.Headers["Content-Type"] == "application/json")
                FailuresIn(answer.Body).Should().Be(0, what);

            // What is refused before the route was reached is no matter of the route's.
            if (request.Method == request.Operation.Method && answer.Status != 307 && ShapeOf(answer) != "refused")
                request.Operation.Description.Responses!.Keys.Should().Contain($"{answer.Status}", what);
        }

        /// <summary>Which of the contract's shapes an error has; null for none of them.</summary>
        private static string? ShapeOf(RawAnswer answer)
        {
            if (
                answer.Status < 400
                || answer.Headers.GetValueOrDefault("Content-Type") != "application/json"
                || Parse(answer.Body) is not { } json
            )
                return null;

            using (json)
            {
                string[] rule = ["error_class", "error_message", "error_status_code", "error_traceback", "error_payload"];
                string[] mistake = ["type", "loc", "msg", "input"];
                var names = NamesOf(json.RootElement);

                if (names.SequenceEqual(rule))
                    return json.RootElement.GetProperty("error_status_code").GetInt32() == answer.Status ? "rule" : null;
                if (!names.SequenceEqual(["detail"]))
                    return null;

                var detail = json.RootElement.GetProperty("detail");
                return detail.ValueKind switch
                {
                    JsonValueKind.String when answer.Status is 404 or 405 => "refused",
                    JsonValueKind.Array
                        when answer.Status == 422
                            && detail.GetArrayLength() > 0
                            && detail.EnumerateArray().All(item => NamesOf(item).Take(4).SequenceEqual(mistake)) => "invalid",
                    _ => null,
                };
            }
        }

        // Of the items of a batch, each of which has a status of its own; that the rest is JSON is checked on the way.
        private static int FailuresIn(string body)
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 1000 });

            return json.RootElement.ValueKind == JsonValueKind.Array
                ? json
                    .RootElement.EnumerateArray()
                    .Count(item => NamesOf(item).SequenceEqual(["status", "error"]) && item.GetProperty("status").GetInt32() >= 500)
                : 0;
        }

        private static IEnumerable<string> NamesOf(JsonElement json) =>
            json.ValueKind == JsonValueKind.Object ? json.EnumerateObject().Select(member => member.Name) : [];

        private static JsonDocument? Parse(string json)
        {
            try
            {
                return JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }

    /// <summary>A host that changes nothing by itself, with one task in it.</summary>
    public sealed class QuietHost : IAsyncLifetime
    {
        internal RestHost Host { get; } = new() { Variables = [("EVENTIX_MAINTENANCE_ENABLED", "false")] };

        public async ValueTask InitializeAsync()
        {
            await Host.InitializeAsync();
            await Host.Database.ExecuteAsync("INSERT INTO eventix_task (uid, task, unique_key) VALUES ('known', 'known', 'known')");
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
