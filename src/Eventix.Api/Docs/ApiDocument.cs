using System.Text.Json.Nodes;
using Eventix.Api.Events;
using Eventix.Api.Operations;
using Eventix.Api.Tasks;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Eventix.Api.Docs;

/// <summary>
/// Writes the OpenAPI document from the routes that are mapped and from what the features tell about them. The handlers read and write JSON by
/// hand, so nothing could be told from their types. A route that nobody described is left out, and fails a test.
/// </summary>
internal sealed class ApiDocument(EndpointDataSource mapped) : IOpenApiDocumentTransformer
{
    private const string About = """
        The REST API of Eventix, a distributed task queue. All bodies are JSON in UTF-8; points in time are ISO 8601, UTC unless they say otherwise.

        Every route answers 404 `{"detail":"Not Found"}` beside itself, 405 `{"detail":"Method Not Allowed"}` with an `allow` header to another method, and 307 to a
        path with a slash at its end. Values in paths are percent-decoded once: `order%2F42` is the uid `order/42`.
        """;

    internal static readonly IReadOnlyList<RouteDescription> Described =
    [
        .. TaskDescriptions.Routes,
        .. WorkDescriptions.Routes,
        .. ListDescriptions.Routes,
        .. EventDescriptions.Routes,
        .. OperationsDescriptions.Routes,
    ];

    private static readonly SchemaDescription[] Schemas =
    [
        .. TaskDescriptions.Schemas,
        .. WorkDescriptions.Schemas,
        .. ListDescriptions.Schemas,
        .. EventDescriptions.Schemas,
        .. OperationsDescriptions.Schemas,
        .. ErrorDescriptions.Schemas,
    ];

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "eventix-api",
            Version = RestApi.Version,
            Description = About,
        };

        // Whatever address a client called it by stays the address to call.
        document.Servers = [];

        foreach (var schema in Schemas)
            document.AddComponent(schema.Name, SchemaNotation.Read(schema, document));

        document.Paths = [];
        foreach (var route in Described.IntersectBy(Mapped(), described => described.Route).Append(OperationsDescriptions.Health))
        {
            var (method, path) = Split(route.Route);
            if (!document.Paths.TryGetValue(path, out var item))
                document.Paths[path] = item = new OpenApiPathItem { Operations = [] };
            item.Operations!.Add(HttpMethod.Parse(method), Operation(route, document));
        }

        return Task.CompletedTask;
    }

    private static (string Method, string Path) Split(string route) =>
        route.Split(' ') is [var method, var path] ? (method, path) : default;

    private IEnumerable<string> Mapped() =>
        from endpoint in mapped.Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
        select $"{method} {endpoint.RoutePattern.RawText}";

    private static OpenApiOperation Operation(RouteDescription route, OpenApiDocument document) =>
        new()
        {
            OperationId = OperationId(route),
            Summary = route.Summary,
            Description = route.IsLegacy ? route.Text : $"{route.Text}\n\nNew in 4.4.".Trim(),
            Parameters = [.. PathParameters(route), .. route.Query.Select(field => QueryParameter(field, document))],
            RequestBody = route.Body is { } body ? RequestBody(body, document) : null,
            Responses = Responses(route, document),
        };

    // `get_task_uid` for `GET /task/{uid}`.
    private static string OperationId(RouteDescription route) =>
        string.Join('_', route.Route.ToLowerInvariant().Split([' ', '/', '{', '}'], StringSplitOptions.RemoveEmptyEntries));

    private static IEnumerable<IOpenApiParameter> PathParameters(RouteDescription route) =>
        Split(route.Route)
            .Path.Split('/')
            .Where(segment => segment.StartsWith('{'))
            .Select(segment => new OpenApiParameter
            {
                Name = segment.Trim('{', '}'),
                In = ParameterLocation.Path,
                Required = true,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });

    private static OpenApiParameter QueryParameter(FieldDescription field, OpenApiDocument document) =>
        new()
        {
            Name = field.Name,
            In = ParameterLocation.Query,
            Required = field.IsRequired,
            Description = field.Text,
            Schema = SchemaNotation.Read(field, document),
        };

    private static OpenApiRequestBody RequestBody(BodyDescription body, OpenApiDocument document) =>
        new() { Required = !body.IsOptional, Content = Json(body.Type, [("example", body.Example)], document) };

    private static OpenApiResponses Responses(RouteDescription route, OpenApiDocument document)
    {
        var responses = new OpenApiResponses();
        foreach (var answer in route.Answers.GroupBy(answer => answer.Status))
        {
            responses[$"{answer.Key}"] = new OpenApiResponse
            {
                Description = answer.First().Text,
                Content = answer
                    .Where(content => content.Type is not null)
                    .ToDictionary(
                        content => content.ContentType,
                        content => Content(content.Type!, [("example", ExampleOf(content))], document)
                    ),
            };
        }

        foreach (var errors in Errors(route).GroupBy(error => error.Status).OrderBy(errors => errors.Key))
        {
            responses[$"{errors.Key}"] = new OpenApiResponse
            {
                Description = string.Join(", ", errors.Select(error => error.Name)),
                Content = Json(
                    string.Join('|', errors.Select(error => error.Schema).Distinct()),
                    errors.Select(error => (error.Name, error.Example)),
                    document
                ),
            };
        }

        return responses;
    }

    private static IEnumerable<(int Status, string Name, string Schema, string Example)> Errors(RouteDescription route)
    {
        foreach (var name in route.Errors)
            yield return (ErrorDescriptions.Classes[name].Status, name, ErrorDescriptions.Error, ErrorDescriptions.Classes[name].Example);

        if (route.Body is not null || route.Query.Count > 0 || route.Route.Contains('{', StringComparison.Ordinal))
            yield return (422, "Input of the wrong shape", ErrorDescriptions.Invalid, ErrorDescriptions.InvalidExample);
        if (route.Body is not null)
            yield return (413, "A body that is too large", ErrorDescriptions.Refused, ErrorDescriptions.TooLargeExample);
        if (!route.NeedsNoDatabase)
            yield return (503, "The database cannot be reached", ErrorDescriptions.Failure, ErrorDescriptions.UnavailableExample);
    }

    private static Dictionary<string, OpenApiMediaType> Json(
        string types,
        IEnumerable<(string Name, string Example)> examples,
        OpenApiDocument document
    ) =>
        new(StringComparer.Ordinal)
        {
            [Http.JsonAnswer.ContentType] = Content(
                types,
                examples.Select(example => (example.Name, JsonNode.Parse(example.Example))),
                document
            ),
        };

    private static JsonNode? ExampleOf(AnswerDescription answer) =>
        answer.ContentType == Http.JsonAnswer.ContentType ? JsonNode.Parse(answer.Example!) : JsonValue.Create(answer.Example!);

    private static OpenApiMediaType Content(string types, IEnumerable<(string Name, JsonNode? Value)> examples, OpenApiDocument document) =>
        new()
        {
            Schema = SchemaNotation.Read(types, document),
            Examples = examples.ToDictionary(
                example => example.Name,
                IOpenApiExample (example) => new OpenApiExample { Value = example.Value }
            ),
        };
}
