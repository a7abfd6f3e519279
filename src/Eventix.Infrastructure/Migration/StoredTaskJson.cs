using System.Buffers;
using System.Globalization;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// Writes a task that is stored here as the old server would have stored it, in canonical Extended JSON. The JSON of args, kwargs and result stands
/// as it is.
/// </summary>
internal sealed class StoredTaskJson(IBufferWriter<byte> json)
{
    public void Write(EventixTask task)
    {
        json.Write("{\"_id\":"u8);
        BsonJson.WriteText(json, task.Uid);
        Text("_rev", task.WireRevision);
        Int("version", task.Version);
        Time("created_time", task.CreatedAt);
        Time("updated_time", task.UpdatedAt);
        Text("unique_key", task.UniqueKey);
        Time("eta", task.Eta);
        Time("scheduled", task.Scheduled);
        Text("status", task.Status.ToText());
        Int("priority", task.Priority);
        Text("namespace", task.Namespace);
        Text("task", task.Task);
        Json("args", task.Args.Span);
        Json("kwargs", task.Kwargs.Span);
        Text("worker_id", task.WorkerId);
        Time("worker_expires", task.WorkerExpires);
        Json("retry", task.Retry ? "true"u8 : "false"u8);
        Int("max_retries", task.MaxRetries);
        Int("error_eta_inc", task.ErrorEtaInc);
        Int("error_eta_max", task.ErrorEtaMax);
        Json("store_result", task.StoreResult ? "true"u8 : "false"u8);
        Json("result", task.Result is { } result ? result.Span : "null"u8);
        Int("error_expires", task.ErrorExpires);
        Int("result_expires", task.ResultExpires);
        Time("expires", task.Expires);
        Text("operator", task.Operator);
        json.Write("}"u8);
    }

    private void Text(string field, string? text)
    {
        Name(field);
        if (text is null)
            json.Write("null"u8);
        else
            BsonJson.WriteText(json, text);
    }

    private void Int(string field, int? number)
    {
        Name(field);
        BsonJson.WriteRaw(json, number is null ? "null" : string.Create(CultureInfo.InvariantCulture, $$"""{"$numberInt":"{{number}}"}"""));
    }

    private void Time(string field, DateTimeOffset? time)
    {
        Name(field);
        if (time is not { } at)
            json.Write("null"u8);
        else if (at.Ticks % TimeSpan.TicksPerMillisecond == 0)
            BsonJson.WriteRaw(json, $$$"""{"$date":{"$numberLong":"{{{at.ToUnixTimeMilliseconds()}}}"}}""");
        else
            // A date of BSON has no microseconds; the import reads text as well.
            BsonJson.WriteText(json, at.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture));
    }

    private void Json(string field, ReadOnlySpan<byte> value)
    {
        Name(field);
        json.Write(value);
    }

    private void Name(string field)
    {
        json.Write(","u8);
        BsonJson.WriteText(json, field);
        json.Write(":"u8);
    }
}
