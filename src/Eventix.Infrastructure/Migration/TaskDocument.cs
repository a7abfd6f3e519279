using System.Text.Json;
using Eventix.Domain.Tasks;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// A task as the old server stores it: every field of its model, in the model's order, whole numbers as 32-bit integers and times as dates, cut
/// to milliseconds. It is what <see cref="SourceTask"/> reads, written back.
/// </summary>
/// <param name="Bson">The document, byte for byte as in a `.bson` file.</param>
internal sealed record TaskDocument(EventixTask Task, byte[] Bson)
{
    // What a mongod takes, and no more.
    private const int LargestDocument = 16 * 1024 * 1024;

    /// <summary>Writes a task as a document. Returns null when MongoDB cannot hold it, with the reason.</summary>
    /// <param name="original">What the import has kept of its document (<see cref="OriginalValues"/>); null for nothing.</param>
    public static TaskDocument? Make(EventixTask task, byte[]? original, out string reason)
    {
        try
        {
            var bson = Write(task, original);
            reason = "";
            if (bson.Length <= LargestDocument)
                return new TaskDocument(task, bson);

            reason = $"As a document it has {bson.Length} bytes, and MongoDB takes {LargestDocument}.";
        }
        catch (JsonException)
        {
            reason = $"Its args, kwargs or result nest deeper than {BsonFromJson.DeepestLevel} levels.";
        }
        catch (FormatException refused)
        {
            reason = refused.Message;
        }
        catch (InvalidOperationException)
        {
            reason = "A text in its args, kwargs or result has half of a surrogate pair, which is no character.";
        }

        return null;
    }

    private static byte[] Write(EventixTask task, byte[]? original)
    {
        var bson = new BsonBuffer();
        var document = bson.Begin();

        Text("_id", task.Uid);
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
        Json("args", task.Args);
        Json("kwargs", task.Kwargs);
        Text("worker_id", task.WorkerId);
        Time("worker_expires", task.WorkerExpires);
        Bool("retry", task.Retry);
        Int("max_retries", task.MaxRetries);
        Int("error_eta_inc", task.ErrorEtaInc);
        Int("error_eta_max", task.ErrorEtaMax);
        Bool("store_result", task.StoreResult);
        Json("result", task.Result);
        Int("error_expires", task.ErrorExpires);
        Int("result_expires", task.ResultExpires);
        Time("expires", task.Expires);
        Text("operator", task.Operator);

        bson.End(document);
        return bson.Written.ToArray();

        void Name(string field, BsonType type) => bson.SetType(bson.Name(field), type);

        void Text(string field, string? text)
        {
            Name(field, text is null ? BsonType.Null : BsonType.String);
            if (text is not null)
                bson.String(text);
        }

        void Int(string field, int? number)
        {
            Name(field, number is null ? BsonType.Null : BsonType.Int32);
            if (number is not null)
                bson.Int32(number.Value);
        }

        void Bool(string field, bool truth)
        {
            Name(field, BsonType.Boolean);
            bson.Byte(truth ? (byte)1 : (byte)0);
        }

        void Time(string field, DateTimeOffset? time)
        {
            Name(field, time is null ? BsonType.Null : BsonType.DateTime);
            if (time is not null)
                bson.Int64(time.Value.ToUnixTimeMilliseconds());
        }

        void Json(string field, ReadOnlyMemory<byte>? json)
        {
            if (json is null)
                Name(field, BsonType.Null);
            else
                OriginalValues.Write(original, field, json.Value.Span, bson);
        }
    }
}
