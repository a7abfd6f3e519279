using System.IO.Pipelines;
using Eventix.Api.Http;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using MediatR;

namespace Eventix.Api.Tasks;

/// <summary>How workers get tasks. Both routes wait for one when they are asked to.</summary>
internal static class ClaimEndpoints
{
    private const int MostNamespaces = 100;
    private const int MostTaskNames = 1000;

    private enum Field
    {
        WorkerId,
        Namespaces,
        Tasks,
        Limit,
        Wait,
        Lease,
        ClaimId,
    }

    private static readonly FieldNames Names = FieldNames.Of<Field>();

    public static void MapClaims(this IEndpointRouteBuilder app)
    {
        app.MapGet("/tasks/next_scheduled", ClaimNext);
        app.MapPost("/tasks/claim", Claim);
    }

    private static async Task ClaimNext(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        var query = new QueryFields(http);
        var (worker, @namespace) = (query.RequiredText("worker_id"), query.RequiredText("namespace"));
        var wait = query.IntBetween("wait", 0, ClaimOptions.LongestWait);
        query.ThrowIfInvalid();

        if (await mediator.Send(new ClaimNextTask(worker, @namespace, Seconds(wait)), cancellationToken) is { } task)
            await AnswerAsync(http, mediator, [task], claimId: null, () => TaskJson.WriteAsync(http.Response, task));
        else
            http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task Claim(HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        var body = new BodyFields(await JsonBody.ReadAsync(http.Request), Names);
        var worker = body.RequiredText((int)Field.WorkerId);
        var namespaces = body.RequiredTexts((int)Field.Namespaces, MostNamespaces);
        var names = body.Texts((int)Field.Tasks, MostTaskNames);
        var limit = body.IntBetween((int)Field.Limit, 1, ClaimOptions.MostTasks);
        var wait = body.IntBetween((int)Field.Wait, 0, ClaimOptions.LongestWait);
        var lease = body.IntBetween((int)Field.Lease, 1, ClaimOptions.LongestLease);
        var claimId = body.Text((int)Field.ClaimId);
        body.ThrowIfInvalid();

        var claim = new ClaimTasks(worker, namespaces, limit ?? 1, names, Seconds(lease), Seconds(wait), claimId);
        var claimed = await mediator.Send(claim, cancellationToken);

        await AnswerAsync(http, mediator, claimed, claimId, () => TaskJson.WriteAsync(http.Response, claimed));
    }

    /// <summary>
    /// A client that has hung up meanwhile must not keep tasks that it never saw. Those of a claim with a name stay: it may have asked for them
    /// again on another connection, where it got them under the same revisions.
    /// </summary>
    private static async Task AnswerAsync(
        HttpContext http,
        IMediator mediator,
        IReadOnlyList<EventixTask> claimed,
        string? claimId,
        Func<Task<FlushResult>> write
    )
    {
        var isDelivered = false;
        try
        {
            http.RequestAborted.ThrowIfCancellationRequested();
            isDelivered = !(await write()).IsCompleted;
        }
        finally
        {
            if (!isDelivered && claimId is null)
                await mediator.Send(new GiveTasksBack(claimed), CancellationToken.None);
        }
    }

    private static TimeSpan? Seconds(int? seconds) => seconds is { } number ? TimeSpan.FromSeconds(number) : null;
}
