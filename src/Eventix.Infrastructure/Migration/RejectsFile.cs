using System.Buffers;
using System.Globalization;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// The report of what is not a task of its own here: one JSON object a line, `{"reason": "…", "document": {…}}` with the whole document as
/// canonical Extended JSON; a document that cannot be written so stands as base64 in `bson` instead. Made with its first line.
/// </summary>
internal sealed class RejectsFile(string path) : IAsyncDisposable
{
    private readonly ArrayBufferWriter<byte> _lines = new();
    private FileStream? _file;

    public void Add(string reason, byte[] document)
    {
        Begin(reason);
        try
        {
            var json = new ArrayBufferWriter<byte>();
            BsonJson.WriteCanonical(document, json);

            // Somebody's own `{"$date": "…"}` would come back as a date.
            if (!BsonFromJson.Document(json.WrittenSpan, BsonFromJsonForm.Extended).AsSpan().SequenceEqual(document))
                throw new FormatException("Extended JSON does not give it back.");

            _lines.Write(",\"document\":"u8);
            _lines.Write(json.WrittenSpan);
        }
        catch (Exception lossy) when (lossy is FormatException or System.Text.Json.JsonException)
        {
            _lines.Write(",\"bson\":"u8);
            BsonJson.WriteText(_lines, Convert.ToBase64String(document));
        }

        _lines.Write("}\n"u8);
    }

    /// <summary>Adds a task that was stored here already, as the old server would have stored it. JSON values stand as they are.</summary>
    public void Add(string reason, EventixTask task)
    {
        Begin(reason);
        _lines.Write(",\"document\":{\"_id\":"u8);
        BsonJson.WriteText(_lines, task.Uid);
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
        _lines.Write("}}\n"u8);
    }

    /// <summary>Brings all lines to the disk.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_lines.WrittenCount == 0)
            return;

        _file ??= new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read);
        await _file.WriteAsync(_lines.WrittenMemory, cancellationToken);
        _file.Flush(flushToDisk: true);
        _lines.ResetWrittenCount();
    }

    public async ValueTask DisposeAsync()
    {
        if (_file is not null)
            await _file.DisposeAsync();
    }

    private void Begin(string reason)
    {
        _lines.Write("{\"reason\":"u8);
        BsonJson.WriteText(_lines, reason);
    }

    private void Text(string field, string? text)
    {
        Name(field);
        if (text is null)
            _lines.Write("null"u8);
        else
            BsonJson.WriteText(_lines, text);
    }

    private void Int(string field, int? number)
    {
        Name(field);
        BsonJson.WriteRaw(
            _lines,
            number is null ? "null" : string.Create(CultureInfo.InvariantCulture, $$"""{"$numberInt":"{{number}}"}""")
        );
    }

    private void Time(string field, DateTimeOffset? time)
    {
        Name(field);
        if (time is not { } at)
            _lines.Write("null"u8);
        else if (at.Ticks % TimeSpan.TicksPerMillisecond == 0)
            BsonJson.WriteRaw(_lines, $$$"""{"$date":{"$numberLong":"{{{at.ToUnixTimeMilliseconds()}}}"}}""");
        else
            // A date of BSON has no microseconds; the import reads text as well.
            BsonJson.WriteText(_lines, at.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture));
    }

    private void Json(string field, ReadOnlySpan<byte> json)
    {
        Name(field);
        _lines.Write(json);
    }

    private void Name(string field)
    {
        _lines.Write(","u8);
        BsonJson.WriteText(_lines, field);
        _lines.Write(":"u8);
    }
}
