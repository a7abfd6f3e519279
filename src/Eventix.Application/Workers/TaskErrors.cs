using System.Diagnostics;
using System.Text.Json;

namespace Eventix.Application.Workers;

/// <summary>The five-key error object that a failed task has as its result.</summary>
internal static class TaskErrors
{
    public static byte[] ToJson(Exception exception) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                ErrorClass = exception.GetType().Name,
                ErrorMessage = exception.Message,
                ErrorStatusCode = 500,
                ErrorTraceback = Traceback(exception),
                ErrorPayload = new { },
            },
            TaskJson.Options
        );

    // Without files and lines: paths of the machine that built a handler are nobody's business.
    private static string[] Traceback(Exception exception) =>
        new StackTrace(exception, fNeedFileInfo: false)
            .ToString()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
