using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Eventix.Application.Migration;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Migration.Targets;

/// <summary>
/// A folder with one JSON file per task, as `eventixcli dump` writes and `eventixcli restore` reads it. The folder appears when it is whole.
/// </summary>
internal sealed partial class CliDumpTarget : IExportTarget
{
    private readonly string _folder;
    private readonly string _partial;
    private readonly ArrayBufferWriter<byte> _json = new();
    private bool _isOpen = true;

    public CliDumpTarget(ExportTasks command)
    {
        _folder = Path.TrimEndingDirectorySeparator(command.To);
        if (File.Exists(_folder) || (Directory.Exists(_folder) && Directory.EnumerateFileSystemEntries(_folder).Any()))
            throw new TargetException(
                $"{_folder} exists already: name a folder that is new or empty (the files of another dump would be restored along with these)."
            );

        _partial = $"{_folder}.{Guid.NewGuid().ToString("n")[..8]}.partial";
        try
        {
            Directory.CreateDirectory(_partial);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new TargetException($"{_folder} cannot be made: {refused.Message}", innerException: refused);
        }
    }

    /// <summary>
    /// `UID.json` when that is a safe name on every file system; otherwise a hash of the uid, which also keeps two uids apart that differ only in
    /// upper and lower case. The uid itself stands in the file, and that is where it is read from.
    /// </summary>
    public static string FileName(string uid) =>
        PlainName().IsMatch(uid) && !DeviceName().IsMatch(uid)
            ? uid + ".json"
            : $"sha256-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(uid)))}.json";

    public async Task WriteAsync(TaskDocument document, CancellationToken cancellationToken)
    {
        _json.ResetWrittenCount();
        Write(document.Task);

        await using var file = new FileStream(
            Path.Combine(_partial, FileName(document.Task.Uid)),
            FileMode.CreateNew,
            FileAccess.Write,
            FileShare.None,
            bufferSize: 0,
            useAsync: true
        );
        await file.WriteAsync(_json.WrittenMemory, cancellationToken);
    }

    public Task CompleteAsync(CancellationToken cancellationToken)
    {
        // An empty folder is in the way of the move.
        if (Directory.Exists(_folder))
            Directory.Delete(_folder);

        Directory.Move(_partial, _folder);
        _isOpen = false;
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        if (_isOpen)
            Directory.Delete(_partial, recursive: true);

        _isOpen = false;
        return ValueTask.CompletedTask;
    }

    private void Write(EventixTask task)
    {
        _json.Write("{"u8);
        Text("uid", task.Uid, isFirst: true);
        Text("revision", task.WireRevision);
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
        Raw("args", task.Args.Span);
        Raw("kwargs", task.Kwargs.Span);
        Text("worker_id", task.WorkerId);
        Time("worker_expires", task.WorkerExpires);
        Raw("retry", task.Retry ? "true"u8 : "false"u8);
        Int("max_retries", task.MaxRetries);
        Int("error_eta_inc", task.ErrorEtaInc);
        Int("error_eta_max", task.ErrorEtaMax);
        Raw("store_result", task.StoreResult ? "true"u8 : "false"u8);
        Raw("result", task.Result is { } result ? result.Span : "null"u8);
        Int("error_expires", task.ErrorExpires);
        Int("result_expires", task.ResultExpires);
        Time("expires", task.Expires);
        Text("operator", task.Operator);
        _json.Write("\n}\n"u8);
    }

    private void Name(string field, bool isFirst = false)
    {
        _json.Write(isFirst ? "\n  "u8 : ",\n  "u8);
        BsonJson.WriteText(_json, field);
        _json.Write(": "u8);
    }

    private void Text(string field, string? text, bool isFirst = false)
    {
        Name(field, isFirst);
        if (text is null)
            _json.Write("null"u8);
        else
            BsonJson.WriteText(_json, text);
    }

    private void Raw(string field, ReadOnlySpan<byte> json)
    {
        Name(field);
        _json.Write(json);
    }

    private void Int(string field, int? number)
    {
        Name(field);
        BsonJson.WriteRaw(_json, number?.ToString(CultureInfo.InvariantCulture) ?? "null");
    }

    // As Python's isoformat() writes them: a fraction of six digits, or none.
    private void Time(string field, DateTimeOffset? time)
    {
        var format = time?.UtcTicks % TimeSpan.TicksPerSecond == 0 ? "yyyy-MM-ddTHH:mm:ss+00:00" : "yyyy-MM-ddTHH:mm:ss.ffffff+00:00";
        Text(field, time?.UtcDateTime.ToString(format, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(
        @"\A(?!sha256-)[a-z0-9_][a-z0-9_-]{0,199}\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex PlainName();

    // Names that Windows keeps for itself.
    [GeneratedRegex(
        @"\A(con|prn|aux|nul|com\d|lpt\d)\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex DeviceName();
}
