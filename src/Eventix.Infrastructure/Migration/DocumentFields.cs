using System.Buffers;
using System.Text;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using MongoDB.Bson;
using MongoDB.Bson.IO;
using MongoDB.Bson.Serialization;
using MongoDB.Bson.Serialization.Serializers;

namespace Eventix.Infrastructure.Migration;

/// <summary>The top level of a document. The first field that does not hold what it should is remembered as the fault.</summary>
internal sealed class DocumentFields
{
    private const int LongestShown = 60;

    private readonly Dictionary<string, BsonValue> _values = new(StringComparer.Ordinal);

    public string? Fault { get; private set; }

    public byte[]? Args { get; private set; }

    public byte[]? Kwargs { get; private set; }

    public ReadOnlyMemory<byte>? Result { get; private set; }

    public static DocumentFields Read(byte[] document)
    {
        var fields = new DocumentFields();
        using var reader = BsonJson.Open(document);

        reader.ReadStartDocument();
        while (reader.ReadBsonType() != BsonType.EndOfDocument)
            fields.Read(reader, reader.ReadName());
        reader.ReadEndDocument();

        return fields;
    }

    public bool Has(string field) => _values.ContainsKey(field);

    public string RequiredText(string field)
    {
        if (!Has(field))
            Fail($"{field} is missing: a text is needed.");
        else if (_values[field].IsBsonNull)
            Fail($"{field} is null: a text is needed.");

        return Text(field) ?? "";
    }

    public string? Text(string field) =>
        Value(field) switch
        {
            null => null,
            BsonString text => text.Value,
            var other => Fail<string?>($"{field} {Shown(other)} is not a text."),
        };

    /// <summary>Anything but a text that can be stored is no revision, as if there were none.</summary>
    public string? Revision() =>
        Value("_rev") is BsonString text && !text.Value.Contains('\0', StringComparison.Ordinal) ? text.Value : null;

    public EventixTaskStatus Status() =>
        Value("status") switch
        {
            null => EventixTaskStatus.Scheduled,
            BsonString text when EventixTaskStatusText.Parse(text.Value) is { } status => status,
            var other => Fail<EventixTaskStatus>(
                $"status {Shown(other)} is not known: scheduled, processing, done, error, retry or null are."
            ),
        };

    public DateTimeOffset? Time(string field)
    {
        DateTimeOffset time = default;
        var isTime = Value(field) switch
        {
            null => false,
            BsonDateTime date => TryRead(date, out time),
            BsonString text => LaxInput.TryReadTime(Encoding.UTF8.GetBytes(text.Value), out time, out _),
            BsonInt32 or BsonInt64 or BsonDouble => LaxInput.TryReadTime(Value(field)!.ToDouble(), out time, out _),
            _ => false,
        };
        if (!isTime && Value(field) is { } other)
            Fail($"{field} {Shown(other)} is not a time: a date from the years 1 to 9999, ISO 8601 text, a unix time or null is.");

        return isTime ? time : null;
    }

    public int? Int(string field)
    {
        long number = 0;
        var isNumber = Value(field) switch
        {
            BsonInt32 integer => Is(integer.Value, out number),
            BsonInt64 integer => Is(integer.Value, out number),
            BsonDouble real when double.IsInteger(real.Value) => Is((long)real.Value, out number),
            BsonString text => LaxInput.TryReadDigits(text.Value, out var digits) && long.TryParse(digits, out number),
            BsonBoolean truth => Is(truth.Value ? 1 : 0, out number),
            _ => false,
        };
        if (Value(field) is not { } value)
            return null;

        return isNumber && number is >= int.MinValue and <= int.MaxValue
            ? (int)number
            : Fail<int?>($"{field} {Shown(value)} is not a whole number from {int.MinValue} to {int.MaxValue}.");
    }

    public bool? Bool(string field) =>
        Value(field) switch
        {
            null => null,
            BsonBoolean truth => truth.Value,
            BsonString text when LaxInput.ReadBool(text.Value) is { } truth => truth,
            BsonInt32 or BsonInt64 or BsonDouble when Value(field)!.ToDouble() is (0 or 1) and var number => number == 1,
            var other => Fail<bool?>($"{field} {Shown(other)} is neither true nor false."),
        };

    public static string Shown(string? text)
    {
        var json = new ArrayBufferWriter<byte>();
        BsonJson.WriteText(json, text is { Length: > LongestShown } ? text.AsSpan(0, LongestShown) : text);

        return Encoding.UTF8.GetString(json.WrittenSpan) + (text is { Length: > LongestShown } ? "…" : "");
    }

    private static string Shown(BsonValue value) =>
        value switch
        {
            BsonString text => Shown(text.Value),
            BsonUndefined => "of a nested or unknown type",
            _ => $"{value} ({value.BsonType})",
        };

    private static bool TryRead(BsonDateTime date, out DateTimeOffset time)
    {
        time = date.IsValidDateTime ? new DateTimeOffset(date.ToUniversalTime(), TimeSpan.Zero) : default;
        return date.IsValidDateTime;
    }

    private static bool Is(long value, out long number)
    {
        number = value;
        return true;
    }

    /// <summary>Null when the field is missing or null.</summary>
    private BsonValue? Value(string field) => _values.TryGetValue(field, out var value) && !value.IsBsonNull ? value : null;

    private void Read(BsonBinaryReader reader, string field)
    {
        switch (field)
        {
            case "args":
                Args = ReadJson(reader, field, BsonType.Array, "an array");
                break;
            case "kwargs":
                Kwargs = ReadJson(reader, field, BsonType.Document, "a document");
                break;
            case "result":
                // Not in one expression: null would become an empty text by the conversion from an array.
                if (ReadJson(reader, field, only: null, "") is { } result)
                    Result = result;
                break;
            default:
                _values[field] = ReadScalar(reader);
                break;
        }
    }

    /// <summary>Null for BSON's null.</summary>
    private byte[]? ReadJson(BsonBinaryReader reader, string field, BsonType? only, string what)
    {
        var type = reader.CurrentBsonType;
        if (type is BsonType.Null || (only is not null && type != only))
        {
            if (type is not BsonType.Null)
                Fail($"{field} is of the type {type}: {what} or null is needed.");

            reader.SkipValue();
            return null;
        }

        var json = new ArrayBufferWriter<byte>();
        BsonJson.Write(reader, json, BsonJsonForm.Plain);
        return json.WrittenSpan.ToArray();
    }

    /// <summary>No field of a task but the three above nests, so nested values are stepped over.</summary>
    private static BsonValue ReadScalar(BsonBinaryReader reader)
    {
        if (reader.CurrentBsonType is BsonType.Document or BsonType.Array or BsonType.JavaScriptWithScope)
        {
            reader.SkipValue();
            return BsonUndefined.Value;
        }

        return BsonValueSerializer.Instance.Deserialize(BsonDeserializationContext.CreateRoot(reader));
    }

    private T Fail<T>(string fault)
    {
        Fail(fault);
        return default!;
    }

    private void Fail(string fault) => Fault ??= fault;
}
