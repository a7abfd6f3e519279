using System.Text;
using System.Text.Json;

namespace Eventix.Api.Tests;

/// <summary>Requests as clients write them, and their answers as JSON.</summary>
internal static class JsonClient
{
    public static async Task<JsonReply> SendAsync(this RestHost host, string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(host.Address, path));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        return new JsonReply((int)response.StatusCode, text);
    }

    /// <summary>Posts tasks, each given as JSON without its braces.</summary>
    public static async Task PostAsync(this RestHost host, params string[] tasks)
    {
        foreach (var task in tasks)
            (await host.SendAsync("POST", "/task", $"{{{task}}}")).Status.Should().Be(200, task);
    }

    /// <summary>The uids of a list, in its order.</summary>
    public static async Task<string[]> UidsAsync(this RestHost host, string route, string body)
    {
        var reply = await host.SendAsync("PUT", $"/tasks/{route}", body);

        reply.Status.Should().Be(200, reply.Text);
        return reply.Uids;
    }
}

internal sealed record JsonReply(int Status, string Text)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public string[] Uids => [.. Json.GetProperty("ids").EnumerateArray().Select(uid => uid.GetString()!)];

    public string? ErrorClass => Json.TryGetProperty("error_class", out var name) ? name.GetString() : null;

    /// <summary>Where the first error of a 422 is: `body.limit`.</summary>
    public string Where => string.Join('.', Json.GetProperty("detail")[0].GetProperty("loc").EnumerateArray());
}
