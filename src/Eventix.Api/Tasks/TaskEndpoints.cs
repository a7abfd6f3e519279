using Eventix.Api.Errors;
using Eventix.Api.Http;
using Eventix.Application.Tasks;
using Eventix.Domain;
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
}
