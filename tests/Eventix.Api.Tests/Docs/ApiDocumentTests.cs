using System.Text.Json.Nodes;
using Eventix.Api.Docs;
using Microsoft.AspNetCore.Routing;

namespace Eventix.Api.Tests.Docs;

/// <summary>The document holds what the server does: neither knows a route, a field or a default that the other does not.</summary>
public sealed class ApiDocumentTests(RestHost host) : IClassFixture<RestHost>
{
    [Fact]
    public async Task It_is_valid_and_says_whose_it_is()
    {
        var document = await Operation.ReadDocumentAsync(host);
        var version = await GetJsonAsync("/version");

        document.Info.Title.Should().Be("eventix-api");
        document.Info.Version.Should().Be((string?)version["version"]);
    }

    [Fact]
    public async Task Every_route_is_described_and_no_other()
    {
        var operations = await Operation.ReadAsync(host);
        var mapped = host.MappedRoutes().Select(route => $"{route.Method} {route.Pattern}").ToList();

        operations.Select(operation => operation.Route).Should().BeEquivalentTo([.. mapped, "GET /healthz"]);
        ApiDocument.Described.Select(described => described.Route).Should().OnlyHaveUniqueItems().And.BeEquivalentTo(mapped);
    }

    [Fact]
    public async Task Every_example_of_a_request_is_taken_and_answered_as_described()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);
        foreach (var operation in await Operation.ReadAsync(host))
        {
            var answer = await operation.SendExampleAsync(connection);

            answer.Status.Should().NotBe(422, $"{operation.Route} takes its example: {answer.Body}");
            operation.Description.Responses!.Should().ContainKey($"{answer.Status}", $"{operation.Route} answered {answer.Body}");
            if (answer.Body.Length == 0)
                continue;

            var content = operation.Description.Responses![$"{answer.Status}"].Content!;
            var type = answer.Headers["Content-Type"];
            content.Should().ContainKey(type, operation.Route);
            if (type == "application/json")
                Conformance.Check(JsonNode.Parse(answer.Body), content[type].Schema!, operation.Route);
        }
    }

    [Fact]
    public async Task Every_example_of_an_answer_has_the_fields_of_its_schema_in_their_order()
    {
        var examples =
            from operation in await Operation.ReadAsync(host)
            from response in operation.Description.Responses!
            from content in response.Value.Content ?? new Dictionary<string, Microsoft.OpenApi.OpenApiMediaType>()
            from example in content.Value.Examples!
            select (Where: $"{operation.Route} {response.Key} {example.Key}", example.Value.Value, content.Value.Schema);

        foreach (var (where, value, schema) in examples.ToList())
            Conformance.Check(value, schema!, where);
    }

    [Fact]
    public async Task Every_answer_but_an_empty_one_has_an_example()
    {
        foreach (var operation in await Operation.ReadAsync(host))
        {
            foreach (var (status, response) in operation.Description.Responses!)
            {
                if (status != "204")
                    (response.Content?.Values.SelectMany(content => content.Examples!.Values))
                        .Should()
                        .NotBeNullOrEmpty($"{operation.Route} {status}");
            }
        }
    }

    [Fact]
    public async Task A_task_has_the_fields_that_are_listed_and_the_defaults_that_are_told()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);
        var schema = (await Operation.ReadDocumentAsync(host)).Components!.Schemas!["Task"];

        var answer = await connection.SendAsync("POST /task", body: """{"task":"plain"}"""u8.ToArray());
        var task = JsonNode.Parse(answer.Body)!.AsObject();

        // A task that told no progress looks as it always did.
        task.Select(field => field.Key).Should().Equal(schema.Properties!.Keys.Except(["progress", "progress_message"]));
        foreach (var (name, field) in schema.Properties!.Where(field => field.Value.Default is not null))
            JsonNode.DeepEquals(task[name], field.Default).Should().BeTrue($"{name} is {field.Default!.ToJsonString()}");
    }

    [Fact]
    public async Task The_page_needs_nothing_from_elsewhere()
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        var page = await connection.SendAsync("GET /docs");
        var script = await connection.SendAsync("GET /docs/scalar.js");
        var icon = await connection.SendAsync("GET /docs/favicon.svg");

        page.Status.Should().Be(200);
        page.Headers["Content-Type"].Should().Be("text/html; charset=utf-8");
        page.Body.Should().ContainAll("docs/scalar.js", "docs/favicon.svg", "'openapi.json'").And.NotContain("//");
        (script.Status, icon.Status).Should().Be((200, 200));
        script.Headers["Content-Type"].Should().Be("text/javascript");
        script.Body.Length.Should().BeGreaterThan(1_000_000, "it is the whole of it");
    }

    [Theory]
    [InlineData("GET /redoc", 307, "/docs")]
    [InlineData("GET /docs/", 307, "/docs")]
    [InlineData("GET /openapi.json/", 307, "/openapi.json")]
    [InlineData("GET /docs/v1", 404, null)]
    [InlineData("GET /Docs", 404, null)]
    [InlineData("POST /docs", 405, null)]
    [InlineData("HEAD /openapi.json", 405, null)]
    [InlineData("DELETE /redoc", 405, null)]
    public async Task The_pages_keep_to_the_rules_of_all_routes(string request, int status, string? location)
    {
        using var connection = await RawConnection.OpenAsync(host.Address);

        var answer = await connection.SendAsync(request);

        (answer.Status, answer.Headers.GetValueOrDefault("Location")).Should().Be((status, location));
        if (status == 405)
            answer.Headers.Should().Contain("Allow", "GET");
    }

    private async Task<JsonNode> GetJsonAsync(string path) =>
        JsonNode.Parse(await host.Client.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken))!;
}
