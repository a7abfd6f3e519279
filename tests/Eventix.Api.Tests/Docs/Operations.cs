using System.Text;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Eventix.Api.Tests.Docs;

/// <summary>What the document of a running host says, operation by operation.</summary>
internal sealed record Operation(string Method, string Path, OpenApiOperation Description)
{
    public string Route => $"{Method} {Path}";

    /// <summary>JSON; null when it takes no body.</summary>
    public string? BodyExample => Description.RequestBody?.Content?["application/json"].Examples!.Values.Single().Value!.ToJsonString();

    public IEnumerable<IOpenApiParameter> Query =>
        (Description.Parameters ?? []).Where(parameter => parameter.In == ParameterLocation.Query);

    public static async Task<IReadOnlyList<Operation>> ReadAsync(RestHost host)
    {
        var document = await ReadDocumentAsync(host);

        return
        [
            .. from path in document.Paths
            from operation in path.Value.Operations!
            select new Operation(operation.Key.Method, path.Key, operation.Value),
        ];
    }

    public static async Task<OpenApiDocument> ReadDocumentAsync(RestHost host)
    {
        var json = await host.Client.GetStringAsync(new Uri("/openapi.json", UriKind.Relative), TestContext.Current.CancellationToken);
        var (document, diagnostic) = OpenApiDocument.Parse(json, "json");

        diagnostic!.Errors.Should().BeEmpty();
        diagnostic.Warnings.Should().BeEmpty();
        return document!;
    }

    /// <summary>Sends the request that the document gives as an example, about tasks that are not there.</summary>
    public Task<RawAnswer> SendExampleAsync(RawConnection connection)
    {
        var path = string.Join('/', Path.Split('/').Select(segment => segment.StartsWith('{') ? "example" : segment));
        var query = string.Join('&', Query.Where(parameter => parameter.Required).Select(parameter => $"{parameter.Name}=example"));

        return connection.SendAsync(
            $"{Method} {path}{(query.Length > 0 ? "?" : "")}{query}",
            body: BodyExample is { } body ? Encoding.UTF8.GetBytes(body) : null
        );
    }
}

/// <summary>Compares JSON with a schema: known members only, in the order of the schema, of their types, and none missing.</summary>
internal static class Conformance
{
    public static void Check(JsonNode? value, IOpenApiSchema schema, string where)
    {
        if (schema.AnyOf is { Count: > 0 } any)
        {
            any.Any(one => Try(value, one, where)).Should().BeTrue($"{where} is one of the shapes");
            return;
        }

        if (schema.Type is { } type)
            (type.HasFlag(TypeOf(value)) || (type.HasFlag(JsonSchemaType.Number) && TypeOf(value) == JsonSchemaType.Integer))
                .Should()
                .BeTrue($"{where} is {type}, not {TypeOf(value)}");

        if (value is JsonArray array && schema.Items is { } items)
        {
            foreach (var (index, item) in array.Index())
                Check(item, items, $"{where}[{index}]");
        }

        if (value is JsonObject members && schema.AdditionalProperties is { } each)
        {
            foreach (var (name, member) in members)
                Check(member, each, $"{where}.{name}");
        }

        if (value is JsonObject item1 && schema.Properties is { Count: > 0 } properties)
            CheckMembers(item1, properties, schema.Required ?? new HashSet<string>(), where);
    }

    private static void CheckMembers(JsonObject value, IDictionary<string, IOpenApiSchema> properties, ISet<string> required, string where)
    {
        var names = value.Select(member => member.Key).ToList();

        names.Should().Equal(properties.Keys.Intersect(names), $"{where} has what its schema lists, in that order");
        names.Should().Contain(required, $"{where} has what is required");
        foreach (var (name, member) in value)
            Check(member, properties[name], $"{where}.{name}");
    }

    private static bool Try(JsonNode? value, IOpenApiSchema schema, string where)
    {
        try
        {
            Check(value, schema, where);
            return true;
        }
        catch (FluentAssertions.Execution.AssertionFailedException)
        {
            return false;
        }
    }

    private static JsonSchemaType TypeOf(JsonNode? value) =>
        value?.GetValueKind() switch
        {
            null or System.Text.Json.JsonValueKind.Null => JsonSchemaType.Null,
            System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False => JsonSchemaType.Boolean,
            System.Text.Json.JsonValueKind.String => JsonSchemaType.String,
            System.Text.Json.JsonValueKind.Array => JsonSchemaType.Array,
            System.Text.Json.JsonValueKind.Object => JsonSchemaType.Object,
            _ => value.ToJsonString().Contains('.', StringComparison.Ordinal) ? JsonSchemaType.Number : JsonSchemaType.Integer,
        };
}
