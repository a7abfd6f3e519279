using Eventix.Api.Http;
using Eventix.Api.Tasks;
using Eventix.Application.Events;
using MediatR;
using Microsoft.Extensions.Options;

namespace Eventix.Api.Events;

internal static class EventEndpoints
{
    public static void MapEvents(this IEndpointRouteBuilder app) => app.MapPost("/event", Post);

    private static async Task Post(
        HttpContext http,
        IMediator mediator,
        IOptions<EventOptions> options,
        CancellationToken cancellationToken
    )
    {
        var posted = EventBody.Read(await JsonBody.ReadAsync(http.Request), options.Value.Operator);

        await JsonAnswer.WriteAsync(
            http.Response,
            StatusCodes.Status200OK,
            await mediator.Send(new PostEvent(posted), cancellationToken),
            static (writer, tasks) =>
            {
                writer.WriteStartArray();
                foreach (var task in tasks)
                    TaskJson.Write(writer, task);
                writer.WriteEndArray();
            }
        );
    }
}
