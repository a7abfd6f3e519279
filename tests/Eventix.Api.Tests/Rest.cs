using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Eventix.Api.Tests;

/// <summary>Requests as a client of the REST API makes them, and what came back.</summary>
internal sealed class Rest(RestHost host)
{
    public Task<RestAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, body: null);

    public Task<RestAnswer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, body: null);

    public Task<RestAnswer> PostAsync(string path, string? body = null) => SendAsync(HttpMethod.Post, path, body);

    public Task<RestAnswer> PostAsync(string path, JsonNode body) => SendAsync(HttpMethod.Post, path, body.ToJsonString());

    public Task<RestAnswer> PutAsync(string path, string body) => SendAsync(HttpMethod.Put, path, body);

    public Task<RestAnswer> PutAsync(string path, JsonNode body) => SendAsync(HttpMethod.Put, path, body.ToJsonString());

    private async Task<RestAnswer> SendAsync(HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);

        return new RestAnswer(response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}

internal sealed record RestAnswer(HttpStatusCode Status, string Text)
{
    public JsonNode? Json { get; } = Text.Length > 0 ? JsonNode.Parse(Text) : null;

    /// <summary>A text of the answer's object.</summary>
    public string? this[string member] => (string?)Json![member];
}
