using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Eventix.Testing;

namespace Eventix.Contract.Tests.Golden;

/// <summary>Plays every pair once, in order, against the real host, and keeps the answers for the tests to look at.</summary>
public sealed partial class Replay : IAsyncLifetime
{
    private readonly TestDatabase _database = new();
    private readonly Dictionary<string, string> _saved = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ReplayedAnswer> _answers = new(StringComparer.Ordinal);
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private HostProcess? _api;

    public DateTimeOffset Began { get; private set; }

    public ReplayedAnswer this[GoldenPair pair] => _answers[pair.Name];

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _api = HostProcess.Start("Eventix.Api", [], [("DATABASE_URL", _database.Url), ("EVENTIX_API_PORT", "0")]);
        _client.BaseAddress = new Uri(Address().Match(await _api.WaitForLineAsync("Now listening on", TimeSpan.FromMinutes(1))).Value);
        Began = await DatabaseClockAsync();

        foreach (var pair in GoldenPair.All)
        {
            var answer = await SendAsync(pair);
            _answers.Add(pair.Name, answer);
            if (pair.Save is var (name, member) && answer.Status == pair.Status)
                _saved[name] = JsonDocument.Parse(answer.Body).RootElement.GetProperty(member).GetString()!;
        }
    }

    /// <summary>Sends one request as the recorder did.</summary>
    public async Task<ReplayedAnswer> SendAsync(GoldenPair pair)
    {
        using var request = new HttpRequestMessage(new HttpMethod(pair.Method), Filled(pair.Path));
        if (pair.Body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Filled(pair.Body)));
            request.Content.Headers.ContentType = new("application/json");
        }

        using var response = await _client.SendAsync(request);

        return new ReplayedAnswer(
            (int)response.StatusCode,
            response.Content.Headers.ContentType?.ToString(),
            await response.Content.ReadAsByteArrayAsync(),
            await DatabaseClockAsync()
        );
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_api is not null)
            await _api.DisposeAsync();
        await _database.DisposeAsync();
    }

    private string Filled(string text) => _saved.Aggregate(text, (filled, value) => filled.Replace($"${{{value.Key}}}", value.Value));

    private Task<DateTimeOffset> DatabaseClockAsync() => _database.ScalarAsync<DateTimeOffset>("SELECT clock_timestamp()");

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+", RegexOptions.None, 1000)]
    private static partial Regex Address();
}

/// <param name="Came">When it had come, by the database's clock.</param>
public sealed record ReplayedAnswer(int Status, string? ContentType, byte[] Body, DateTimeOffset Came);
