using System.Diagnostics;
using System.Text.Json;
using Eventix.Application.Messaging;
using FluentValidation;

namespace Eventix.Application.Workers;

/// <summary>The five-key error object that a failed task has as its result.</summary>
internal static class TaskErrors
{
    public static byte[] ToJson(Exception exception) =>
        ToJson(exception.GetType().Name, Message(exception), 500, Traceback(exception), new { });

    /// <summary>The arguments of a task that its validator refuses: every field, by the name that it has in `kwargs`, and why.</summary>
    public static byte[] ToJson(string task, InvalidMessageException invalid)
    {
        var errors = invalid.Errors.Select(error => new { Field = WirePath(error.PropertyName), Message = error.ErrorMessage }).ToList();
        var reasons = errors.Select(error => error.Field.Length == 0 ? error.Message : $"{error.Field}: {error.Message}");

        return ToJson(
            nameof(ValidationException),
            $"{task}() does not take these arguments: {string.Join(" ", reasons)}",
            422,
            traceback: [],
            new { errors }
        );
    }

    private static byte[] ToJson(string errorClass, string message, int status, string[] traceback, object payload) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                ErrorClass = errorClass,
                ErrorMessage = message,
                ErrorStatusCode = status,
                ErrorTraceback = traceback,
                ErrorPayload = payload,
            },
            TaskJson.Options
        );

    // `Lines[0].ProductId` is `lines[0].product_id`.
    private static string WirePath(string? path) =>
        string.Join(
            '.',
            (path ?? "")
                .Split('.')
                .Select(part =>
                {
                    var name = part.Split('[')[0];
                    return TaskJson.WireName(name) + part[name.Length..];
                })
        );

    // Some are made up when they are asked for, and that may fail too.
    private static string Message(Exception exception)
    {
        try
        {
            return exception.Message;
        }
        catch (Exception failed)
        {
            return $"It could not say what is wrong: {failed.GetType().Name}";
        }
    }

    // Without files and lines: paths of the machine that built a handler are nobody's business. A failure that names its cause shows that of the cause.
    private static string[] Traceback(Exception exception) =>
        new StackTrace(exception is TaskFailedException { InnerException: { } cause } ? cause : exception, fNeedFileInfo: false)
            .ToString()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
