using System.Buffers;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Migration.Sources;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// The report of what is not a task of its own here: one JSON object a line, `{"reason": "…", "document": {…}}` with the whole document as
/// canonical Extended JSON; a document that this does not give back stands as base64 in `bson` instead, and what is no document as `text`, or as
/// base64 in `bytes`. An
/// import reads it like any other source. Made with its first line.
/// </summary>
/// <param name="path">Of the file.</param>
/// <param name="keep">How much of it an import that goes on has written, in bytes; 0 for a new one.</param>
internal sealed class ImportReport(string path, long keep = 0) : IAsyncDisposable
{
    private readonly long _keep = keep;
    private ArrayBufferWriter<byte> _lines = new();
    private FileStream? _file;

    /// <summary>Bytes on the disk after <see cref="FlushAsync"/>.</summary>
    public long Length { get; private set; } = keep;

    /// <summary>Whether the file has less than an import that goes on has written to it: it was moved away, or another one is named now.</summary>
    public bool IsPartMissing => _keep > 0 && (!File.Exists(path) || new FileInfo(path).Length < _keep);

    /// <summary>How much is not on the disk yet, for <see cref="CutTo"/>.</summary>
    public int Pending => _lines.WrittenCount;

    /// <summary>Takes back what was added since.</summary>
    public void CutTo(int pending)
    {
        if (pending == _lines.WrittenCount)
            return;

        var kept = new ArrayBufferWriter<byte>(Math.Max(pending, 256));
        kept.Write(_lines.WrittenSpan[..pending]);
        _lines = kept;
    }

    public void Add(string reason, LegacyDocument document)
    {
        if (document.Fault is null)
        {
            Add(reason, document.Bson);
            return;
        }

        Begin(reason);
        if (System.Text.Unicode.Utf8.IsValid(document.Bson))
        {
            _lines.Write(",\"text\":"u8);
            BsonJson.WriteText(_lines, document.Bson);
        }
        else
        {
            _lines.Write(",\"bytes\":"u8);
            BsonJson.WriteText(_lines, Convert.ToBase64String(document.Bson));
        }

        _lines.Write("}\n"u8);
    }

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
        catch (Exception lossy) when (lossy is FormatException or System.Text.Json.JsonException or InvalidOperationException)
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
        _lines.Write(",\"document\":"u8);
        new StoredTaskJson(_lines).Write(task);
        _lines.Write("}\n"u8);
    }

    /// <summary>The same as a BSON document; null when BSON cannot hold what was posted here: an integer beyond 64 bits, a key with NUL.</summary>
    public static byte[]? TryMakeBson(EventixTask task)
    {
        var json = new ArrayBufferWriter<byte>();
        new StoredTaskJson(json).Write(task);
        try
        {
            return BsonFromJson.Document(json.WrittenSpan, BsonFromJsonForm.Extended);
        }
        catch (Exception refused) when (refused is FormatException or System.Text.Json.JsonException or InvalidOperationException)
        {
            // The report has it as it is.
            return null;
        }
    }

    /// <summary>Brings all lines to the disk.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_lines.WrittenCount == 0)
            return;

        _file ??= Open();
        await _file.WriteAsync(_lines.WrittenMemory, cancellationToken);
        _file.Flush(flushToDisk: true);
        Length = _file.Position;
        _lines.ResetWrittenCount();
    }

    public async ValueTask DisposeAsync()
    {
        if (_file is not null)
            await _file.DisposeAsync();
    }

    // What was written behind the last batch that was stored comes again.
    private FileStream Open()
    {
        var file = new FileStream(path, _keep > 0 ? FileMode.OpenOrCreate : FileMode.Create, FileAccess.Write, FileShare.Read);
        file.SetLength(Math.Min(file.Length, _keep));
        file.Seek(0, SeekOrigin.End);
        return file;
    }

    private void Begin(string reason)
    {
        _lines.Write("{\"reason\":"u8);
        BsonJson.WriteText(_lines, reason);
    }
}
