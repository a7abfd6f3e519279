using System.Text.Json;
using Eventix.Api.Http;
using Eventix.Application.Tasks;
using MediatR;

namespace Eventix.Api.Tasks;

/// <summary>What there is: tasks in lists, and the names that they have.</summary>
internal static class ListEndpoints
{
    public static void MapLists(this IEndpointRouteBuilder app)
    {
        app.MapPut("/tasks/by_status", ByStatus);
        app.MapPut("/tasks/by_task", ByTask);
        app.MapPut("/tasks/dump", Dump);
        app.MapGet("/namespaces", Namespaces);
        app.MapGet("/namespace/{namespace}/task_types", TaskTypes);
    }

    private static async Task ByStatus(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        var json = await JsonBody.ReadOptionalAsync(http.Request);

        await ListAsync(http, mediator, ListBody.Read(json, TaskOrder.Arrival, TaskColumn.Status, TaskColumn.Namespace), cancellationToken);
    }

    private static async Task ByTask(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        var json = await JsonBody.ReadAsync(http.Request);

        await ListAsync(
            http,
            mediator,
            ListBody.Read(json, TaskOrder.StatusThenLatestEta, TaskColumn.Task, TaskColumn.Namespace),
            cancellationToken
        );
    }

    private static async Task Dump(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        var json = await JsonBody.ReadOptionalAsync(http.Request);

        await ListAsync(http, mediator, ListBody.Read(json, TaskOrder.Uid), cancellationToken);
    }

    private static async Task ListAsync(HttpContext http, IMediator mediator, ListBody body, CancellationToken cancellationToken)
    {
        await using var page = await mediator.Send(body.List, cancellationToken);

        await ListJson.WriteAsync(http.Response, body, page, cancellationToken);
    }

    private static async Task Namespaces(HttpContext http, IMediator mediator, CancellationToken cancellationToken) =>
        await WriteNamesAsync(http.Response, "namespaces", await mediator.Send(new ListNamespaces(), cancellationToken));

    private static async Task TaskTypes(HttpContext http, IMediator mediator, CancellationToken cancellationToken) =>
        await WriteNamesAsync(
            http.Response,
            "task_types",
            await mediator.Send(new ListTaskTypes(http.PathValue("namespace")), cancellationToken)
        );

    private static Task WriteNamesAsync(HttpResponse response, string what, IReadOnlyList<string> names) =>
        JsonAnswer.WriteAsync(
            response,
            StatusCodes.Status200OK,
            (what, names),
            static (writer, value) => WriteNames(writer, value.what, value.names)
        );

    private static void WriteNames(Utf8JsonWriter writer, string what, IReadOnlyList<string> names)
    {
        writer.WriteStartObject();
        writer.WriteStartArray(what);
        foreach (var name in names)
            writer.WriteText(name);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
