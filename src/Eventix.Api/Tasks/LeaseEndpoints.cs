using System.Text.Json;
using Eventix.Api.Http;
using Eventix.Application.Tasks;
using MediatR;
using Microsoft.Extensions.Options;

namespace Eventix.Api.Tasks;

/// <summary>Heartbeats, and how a running task is told to stop.</summary>
internal static class LeaseEndpoints
{
    private enum Field
    {
        Tasks,
        Lease,
    }

    private enum HeldField
    {
        Uid,
        Revision,
        Lease,
    }

    private static readonly FieldNames Names = FieldNames.Of<Field>();
    private static readonly FieldNames HeldNames = FieldNames.Of<HeldField>();

    public static void MapLeases(this IEndpointRouteBuilder app)
    {
        app.MapPost("/task/{uid}/heartbeat", BeatOne);
        app.MapPost("/tasks/heartbeat", BeatMany);
        app.MapPost("/task/{uid}/cancel", Cancel);
    }

    private static async Task BeatOne(
        HttpContext http,
        IMediator mediator,
        IOptions<ClaimOptions> options,
        CancellationToken cancellationToken
    )
    {
        var uid = http.PathValue("uid");
        var body = new BodyFields(await JsonBody.ReadAsync(http.Request), HeldNames);
        var task = new HeldTask(uid, body.RequiredText((int)HeldField.Revision));
        var lease = body.IntBetween((int)HeldField.Lease, 1, ClaimOptions.LongestLease);
        body.ThrowIfInvalid();

        var answers = await mediator.Send(new ExtendLeases([task], LeaseOf(lease, options)), cancellationToken);

        await JsonAnswer.WriteAsync(
            http.Response,
            StatusCodes.Status200OK,
            (uid, answers[0]),
            static (writer, answer) => Write(writer, answer.uid, answer.Item2)
        );
    }

    private static async Task BeatMany(
        HttpContext http,
        IMediator mediator,
        IOptions<ClaimOptions> options,
        CancellationToken cancellationToken
    )
    {
        var body = new BodyFields(await JsonBody.ReadAsync(http.Request), Names);
        var array = body.RequiredArray((int)Field.Tasks);
        var lease = body.IntBetween((int)Field.Lease, 1, ClaimOptions.LongestLease);
        body.ThrowIfInvalid();

        HeldTask[] tasks = [.. new JsonBody(array).Items(ExtendLeases.MostTasks).Select(ReadHeld)];
        var answers = await mediator.Send(new ExtendLeases(tasks, LeaseOf(lease, options)), cancellationToken);

        await JsonAnswer.WriteAsync(
            http.Response,
            StatusCodes.Status200OK,
            (tasks, answers),
            static (writer, all) =>
            {
                writer.WriteStartArray();
                foreach (var (task, answer) in all.tasks.Zip(all.answers))
                    Write(writer, task.Uid, answer);
                writer.WriteEndArray();
            }
        );
    }

    private static async Task Cancel(HttpContext http, IMediator mediator, CancellationToken cancellationToken) =>
        await TaskJson.WriteAsync(http.Response, await mediator.Send(new CancelTask(http.PathValue("uid")), cancellationToken));

    private static HeldTask ReadHeld(JsonBody item)
    {
        var fields = new BodyFields(item, HeldNames);
        var held = new HeldTask(fields.RequiredText((int)HeldField.Uid), fields.RequiredText((int)HeldField.Revision));
        fields.ThrowIfInvalid();

        return held;
    }

    private static TimeSpan LeaseOf(int? seconds, IOptions<ClaimOptions> options) =>
        seconds is { } lease ? TimeSpan.FromSeconds(lease) : options.Value.Lease;

    private static void Write(Utf8JsonWriter writer, string uid, LeaseAnswer answer)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("uid"u8);
        writer.WriteText(uid);
        writer.WriteString(
            "state"u8,
            answer.State switch
            {
                LeaseState.Extended => "extended"u8,
                LeaseState.Cancelled => "cancelled"u8,
                _ => "lost"u8,
            }
        );
        writer.WriteTime("worker_expires"u8, answer.WorkerExpires);
        writer.WriteEndObject();
    }
}
