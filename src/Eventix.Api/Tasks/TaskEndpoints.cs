using Eventix.Api.Errors;
using Eventix.Api.Http;
using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using MediatR;

namespace Eventix.Api.Tasks;

internal static class TaskEndpoints
{
    public static void MapTasks(this IEndpointRouteBuilder app)
    {
        app.MapPost("/task", Post);
        app.MapGet("/task/{uid}", Get);
        app.MapPut("/task/{uid}", Put);
        app.MapDelete("/task/{uid}", Delete);

        // Clients know this one to come first: `/task/by_unique_key/reschedule` is about the uid `by_unique_key`.
        app.MapGet("/task/{uid}/reschedule", Reschedule).WithOrder(-1);
        app.MapGet("/task/by_unique_key/{unique_key}", GetWaitingByKey);
        app.MapDelete("/task/by_unique_key/{unique_key}", DeleteByKey);
        app.MapGet("/task/by_unique_key/{namespace}/{unique_key}", GetByKey);
    }

    private static async Task Post(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        var body = TaskBody.Read(await JsonBody.ReadAsync(http.Request));

        await TaskJson.WriteAsync(http.Response, await mediator.Send(new PostTask(body.ToNewTask()), cancellationToken));
    }

    private static async Task Get(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        var uid = http.PathValue("uid");

        await (
            await mediator.Send(new GetTask(uid), cancellationToken) is { } task
                ? TaskJson.WriteAsync(http.Response, task)
                : ErrorAnswers.WriteAsync(http.Response, DomainException.NotFound(uid))
        );
    }

    private static async Task Put(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        var uid = http.PathValue("uid");
        var body = TaskBody.Read(await JsonBody.ReadAsync(http.Request)) with { Uid = uid };

        await TaskJson.WriteAsync(http.Response, await mediator.Send(new PutTask(body.ToNewTask()), cancellationToken));
    }

    private static async Task Delete(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        await mediator.Send(new DeleteTask(http.PathValue("uid"), http.QueryValue("revision")), cancellationToken);

        await JsonAnswer.WriteAsync(http.Response, StatusCodes.Status200OK, "null"u8);
    }

    private static async Task Reschedule(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        var query = new QueryFields(http);
        var reschedule = new RescheduleTask(http.PathValue("uid"), query.Time("eta"));
        query.ThrowIfInvalid();

        await TaskJson.WriteAsync(http.Response, await mediator.Send(reschedule, cancellationToken));
    }

    private static async Task GetWaitingByKey(HttpContext http, IMediator mediator, CancellationToken cancellationToken) =>
        await TaskJson.WriteAsync(
            http.Response,
            await mediator.Send(new GetWaitingTaskByUniqueKey(http.PathValue("unique_key")), cancellationToken)
        );

    private static async Task DeleteByKey(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        await mediator.Send(new DeleteTaskByUniqueKey(http.PathValue("unique_key")), cancellationToken);

        await JsonAnswer.WriteAsync(http.Response, StatusCodes.Status200OK, "null"u8);
    }

    private static async Task GetByKey(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        var query = new QueryFields(http);
        var stati = query.Words("stati", EventixTaskStatusText.Parse, TaskBody.Statuses);
        query.ThrowIfInvalid();

        var get = new GetTaskByUniqueKey(
            http.PathValue("namespace"),
            http.PathValue("unique_key"),
            stati.Count > 0 ? stati : GetTaskByUniqueKey.Waiting
        );
        await TaskJson.WriteAsync(http.Response, await mediator.Send(get, cancellationToken));
    }
}
