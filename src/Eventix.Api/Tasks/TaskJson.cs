using System.IO.Pipelines;
using System.Text.Json;
using Eventix.Api.Http;
using Eventix.Domain.Tasks;

namespace Eventix.Api.Tasks;

/// <summary>A task as clients see it: every field, in the order of the model; what is new only where there is something to say.</summary>
internal static class TaskJson
{
    private static readonly JsonEncodedText Uid = JsonEncodedText.Encode("uid");
    private static readonly JsonEncodedText Revision = JsonEncodedText.Encode("revision");
    private static readonly JsonEncodedText Version = JsonEncodedText.Encode("version");
    private static readonly JsonEncodedText CreatedTime = JsonEncodedText.Encode("created_time");
    private static readonly JsonEncodedText UpdatedTime = JsonEncodedText.Encode("updated_time");
    private static readonly JsonEncodedText UniqueKey = JsonEncodedText.Encode("unique_key");
    private static readonly JsonEncodedText Eta = JsonEncodedText.Encode("eta");
    private static readonly JsonEncodedText Scheduled = JsonEncodedText.Encode("scheduled");
    private static readonly JsonEncodedText Status = JsonEncodedText.Encode("status");
    private static readonly JsonEncodedText Priority = JsonEncodedText.Encode("priority");
    private static readonly JsonEncodedText Namespace = JsonEncodedText.Encode("namespace");
    private static readonly JsonEncodedText Task = JsonEncodedText.Encode("task");
    private static readonly JsonEncodedText Args = JsonEncodedText.Encode("args");
    private static readonly JsonEncodedText Kwargs = JsonEncodedText.Encode("kwargs");
    private static readonly JsonEncodedText WorkerId = JsonEncodedText.Encode("worker_id");
    private static readonly JsonEncodedText WorkerExpires = JsonEncodedText.Encode("worker_expires");
    private static readonly JsonEncodedText Retry = JsonEncodedText.Encode("retry");
    private static readonly JsonEncodedText MaxRetries = JsonEncodedText.Encode("max_retries");
    private static readonly JsonEncodedText ErrorEtaInc = JsonEncodedText.Encode("error_eta_inc");
    private static readonly JsonEncodedText ErrorEtaMax = JsonEncodedText.Encode("error_eta_max");
    private static readonly JsonEncodedText StoreResult = JsonEncodedText.Encode("store_result");
    private static readonly JsonEncodedText Result = JsonEncodedText.Encode("result");
    private static readonly JsonEncodedText ErrorExpires = JsonEncodedText.Encode("error_expires");
    private static readonly JsonEncodedText ResultExpires = JsonEncodedText.Encode("result_expires");
    private static readonly JsonEncodedText Expires = JsonEncodedText.Encode("expires");
    private static readonly JsonEncodedText Operator = JsonEncodedText.Encode("operator");
    private static readonly JsonEncodedText Progress = JsonEncodedText.Encode("progress");
    private static readonly JsonEncodedText ProgressMessage = JsonEncodedText.Encode("progress_message");

    public static System.Threading.Tasks.Task<FlushResult> WriteAsync(HttpResponse response, EventixTask task) =>
        JsonAnswer.WriteAsync(response, StatusCodes.Status200OK, task, Write);

    public static System.Threading.Tasks.Task<FlushResult> WriteAsync(HttpResponse response, IReadOnlyList<EventixTask> tasks) =>
        JsonAnswer.WriteAsync(
            response,
            StatusCodes.Status200OK,
            tasks,
            static (writer, tasks) =>
            {
                writer.WriteStartArray();
                foreach (var task in tasks)
                    Write(writer, task);
                writer.WriteEndArray();
            }
        );

    public static void Write(Utf8JsonWriter writer, EventixTask task)
    {
        writer.WriteStartObject();
        writer.WriteText(Uid, task.Uid);
        writer.WriteText(Revision, task.WireRevision);
        writer.WriteNumber(Version, task.Version);
        writer.WriteTime(CreatedTime, task.CreatedAt);
        writer.WriteTime(UpdatedTime, task.UpdatedAt);
        writer.WriteText(UniqueKey, task.UniqueKey);
        writer.WriteTime(Eta, task.Eta);
        writer.WriteTime(Scheduled, task.Scheduled);
        writer.WriteString(Status, task.Status.ToText());
        writer.WriteNumber(Priority, task.Priority);
        writer.WriteText(Namespace, task.Namespace);
        writer.WriteText(Task, task.Task);
        writer.WriteJson(Args, task.Args);
        writer.WriteJson(Kwargs, task.Kwargs);
        writer.WriteText(WorkerId, task.WorkerId);
        writer.WriteTime(WorkerExpires, task.WorkerExpires);
        writer.WriteBoolean(Retry, task.Retry);
        writer.WriteInt(MaxRetries, task.MaxRetries);
        writer.WriteNumber(ErrorEtaInc, task.ErrorEtaInc);
        writer.WriteNumber(ErrorEtaMax, task.ErrorEtaMax);
        writer.WriteBoolean(StoreResult, task.StoreResult);
        writer.WriteJson(Result, task.Result);
        writer.WriteInt(ErrorExpires, task.ErrorExpires);
        writer.WriteInt(ResultExpires, task.ResultExpires);
        writer.WriteTime(Expires, task.Expires);
        writer.WriteText(Operator, task.Operator);

        // Absent, not null: clients of the old server know nothing of it.
        if (task.Progress is { } progress)
            writer.WriteNumber(Progress, progress);
        if (task.ProgressMessage is not null)
            writer.WriteText(ProgressMessage, task.ProgressMessage);
        writer.WriteEndObject();
    }

    private static void WriteTime(this Utf8JsonWriter writer, JsonEncodedText name, DateTimeOffset? time)
    {
        if (time is { } point)
        {
            Span<byte> text = stackalloc byte[WireTime.MaxBytes];
            writer.WriteString(name, text[..WireTime.Write(point, text)]);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static void WriteInt(this Utf8JsonWriter writer, JsonEncodedText name, int? number)
    {
        if (number is { } value)
            writer.WriteNumber(name, value);
        else
            writer.WriteNull(name);
    }

    // It was checked when it came in, and by the column that keeps it.
    private static void WriteJson(this Utf8JsonWriter writer, JsonEncodedText name, ReadOnlyMemory<byte>? json)
    {
        writer.WritePropertyName(name);
        if (json is { } value)
            writer.WriteRawValue(value.Span, skipInputValidation: true);
        else
            writer.WriteNullValue();
    }
}
