using System.Data.Common;
using System.Text.Json;
using Eventix.Api.Errors;
using Eventix.Api.Http;
using Eventix.Application.Tasks;
using MediatR;

namespace Eventix.Api.Tasks;

/// <summary>
/// Many tasks in one request. The answer is always 200 with one item for each task, in order: its `status` is the one that the task alone would
/// have got, with `task` or `error` beside it.
/// </summary>
internal static class BatchEndpoints
{
    public static void MapBatches(this IEndpointRouteBuilder app)
    {
        app.MapPost("/tasks/batch", Post);
        app.MapPut("/tasks/batch", Put);
    }

    private static Task Post(HttpContext http, IMediator mediator, CancellationToken cancellationToken) =>
        AnswerAsync(http, TaskBody.Read, tasks => mediator.Send(new PostTasks(tasks), cancellationToken));

    private static Task Put(HttpContext http, IMediator mediator, CancellationToken cancellationToken) =>
        AnswerAsync(http, ReadWriteBack, tasks => mediator.Send(new PutTasks(tasks), cancellationToken));

    private static async Task AnswerAsync(
        HttpContext http,
        Func<JsonBody, TaskBody> read,
        Func<IReadOnlyList<NewTask>, Task<IReadOnlyList<TaskAnswer>>> send
    )
    {
        var items = (await JsonBody.ReadAsync(http.Request)).Items(TaskAnswer.MostTasks);
        var answers = new TaskAnswer?[items.Count];
        var tasks = new List<NewTask>(items.Count);
        for (var index = 0; index < items.Count; index++)
        {
            try
            {
                tasks.Add(read(items[index]).ToNewTask());
            }
            catch (InvalidRequestException invalid)
            {
                answers[index] = TaskAnswer.Refused(invalid);
            }
        }

        var next = 0;
        var sent = await send(tasks);
        if (sent.FirstOrDefault(answer => answer.Refusal is DbException)?.Refusal is { } unreachable)
            http.RequestServices.GetRequiredService<ILogger<ErrorMiddleware>>().LogWarning(unreachable, "A batch was stored in part");
        for (var index = 0; index < answers.Length; index++)
            answers[index] ??= sent[next++];

        await JsonAnswer.WriteAsync(http.Response, StatusCodes.Status200OK, answers, Write);
    }

    // The uid stands in the path of a single PUT, so here it must stand in the task.
    private static TaskBody ReadWriteBack(JsonBody item)
    {
        var body = TaskBody.Read(item);

        return body.Uid is null ? throw new InvalidRequestException(FieldError.Missing("body", "uid", FieldError.Echo(item.Utf8))) : body;
    }

    private static void Write(Utf8JsonWriter writer, TaskAnswer?[] answers)
    {
        writer.WriteStartArray();
        foreach (var answer in answers)
        {
            if (answer!.Task is { } task)
            {
                writer.WriteStartObject();
                writer.WriteNumber("status"u8, StatusCodes.Status200OK);
                writer.WritePropertyName("task"u8);
                TaskJson.Write(writer, task);
                writer.WriteEndObject();
            }
            else
            {
                ErrorAnswers.WriteItem(writer, answer.Refusal!);
            }
        }

        writer.WriteEndArray();
    }
}
