using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// What a task holds that a document has a field for, in one form for documents and rows: both are the same task when these are. The revision
/// is not in it.
/// </summary>
internal sealed class TaskContent
{
    // No JSON: what the import leaves to the moment in which it runs.
    private const string Open = "";

    private readonly List<(string Name, string Json)> _fields;

    private TaskContent(NewTask task, DateTimeOffset? updatedAt) =>
        _fields = [
            ("version", Json(task.Version)),
            ("created_time", JsonOrOpen(task.CreatedAt)),
            ("updated_time", JsonOrOpen(updatedAt)),
            ("unique_key", Json(task.UniqueKey)),
            ("eta", JsonOrOpen(task.Eta)),
            ("scheduled", JsonOrOpen(task.Scheduled)),
            ("status", Json(task.Status.ToText())),
            ("priority", Json(task.Priority)),
            ("namespace", Json(task.Namespace)),
            ("task", Json(task.Task)),
            ("args", Json(task.Args)),
            ("kwargs", Json(task.Kwargs)),
            ("worker_id", Json(task.WorkerId)),
            ("worker_expires", task.Status == EventixTaskStatus.Processing ? JsonOrOpen(task.WorkerExpires) : Json(task.WorkerExpires)),
            ("retry", task.Retry ? "true" : "false"),
            ("max_retries", Json(task.MaxRetries)),
            ("error_eta_inc", Json(task.ErrorEtaInc)),
            ("error_eta_max", Json(task.ErrorEtaMax)),
            ("store_result", task.StoreResult ? "true" : "false"),
            ("result", Json(task.Result)),
            ("error_expires", Json(task.ErrorExpires)),
            ("result_expires", Json(task.ResultExpires)),
            ("expires", Json(task.Expires)),
            ("operator", Json(task.Operator)),
        ];

    /// <summary>Of what the import makes of a document.</summary>
    public static TaskContent Of(SourceTask source) => new(source.Task, source.UpdatedAt);

    /// <summary>Of a row, to be compared with a document.</summary>
    public static TaskContent Of(EventixTask row, SourceTask source) =>
        new(
            new NewTask
            {
                Uid = row.Uid,
                Version = row.Version,
                CreatedAt = row.CreatedAt,
                UniqueKey = row.UniqueKey,
                Eta = row.Eta,
                Scheduled = row.Scheduled,
                Status = row.Status,
                Priority = row.Priority,
                Namespace = row.Namespace,
                Task = row.Task,
                Args = Like(source.Task.Args, row.Args),
                Kwargs = Like(source.Task.Kwargs, row.Kwargs),
                WorkerId = row.WorkerId,
                WorkerExpires = row.WorkerExpires,
                Retry = row.Retry,
                MaxRetries = row.MaxRetries,
                ErrorEtaInc = row.ErrorEtaInc,
                ErrorEtaMax = row.ErrorEtaMax,
                StoreResult = row.StoreResult,
                Result = row.Result is { } result ? Like(source.Task.Result ?? default, result) : default(ReadOnlyMemory<byte>?),
                ErrorExpires = row.ErrorExpires,
                ResultExpires = row.ResultExpires,
                Expires = row.Expires,
                Operator = row.Operator,
            },
            row.UpdatedAt
        );

    /// <summary>SHA-256, in hex, of all fields but those that <paramref name="document"/> leaves open.</summary>
    public string Hash(TaskContent document)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var ((name, json), (_, other)) in _fields.Zip(document._fields))
        {
            if (other == Open)
                continue;

            // With its length, so that no two lists of fields are one text.
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{name}:{json.Length}:{json}")));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The fields in which a row differs from this document.</summary>
    public IReadOnlyList<VerifyField> DifferencesTo(TaskContent row) =>
        [
            .. _fields
                .Zip(row._fields)
                .Where(field => field.First.Json != Open && field.First.Json != field.Second.Json)
                .Select(field => new VerifyField(field.First.Name, field.First.Json, field.Second.Json)),
        ];

    /// <summary>
    /// The stored JSON, or the same as the import would have written it of a document: what was posted here has spaces, and numbers in other
    /// spellings. Left as it is when it holds what no document can.
    /// </summary>
    private static ReadOnlyMemory<byte> Like(ReadOnlyMemory<byte> imported, ReadOnlyMemory<byte> stored)
    {
        if (stored.Span.SequenceEqual(imported.Span))
            return stored;

        try
        {
            var bson = new BsonBuffer();
            BsonFromJson.Write("", stored.Span, bson, BsonFromJsonForm.Plain);

            // Of the element: its type, the empty name's closing zero, the value.
            const int BeforeValue = 2;
            var json = new ArrayBufferWriter<byte>();
            BsonJson.Write((BsonType)bson.Written[0], bson.Written[BeforeValue..], json, BsonJsonForm.Plain);
            return json.WrittenMemory;
        }
        catch (Exception odd) when (odd is FormatException or JsonException or InvalidOperationException)
        {
            return stored;
        }
    }

    private static string JsonOrOpen(DateTimeOffset? time) => time is null ? Open : Json(time);

    private static string Json(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "null";

    // To the millisecond: the dates of BSON know no more, and so what was exported is the same as what is here.
    private static string Json(DateTimeOffset? time) =>
        Json(time?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));

    private static string Json(ReadOnlyMemory<byte>? json) => json is { } some ? Encoding.UTF8.GetString(some.Span) : "null";

    private static string Json(string? text)
    {
        if (text is null)
            return "null";

        var json = new ArrayBufferWriter<byte>();
        BsonJson.WriteText(json, text);
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }
}
