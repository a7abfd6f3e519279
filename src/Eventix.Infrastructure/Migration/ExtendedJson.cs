using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Eventix.Application.Tasks;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// The objects of Extended JSON v2, relaxed and canonical, that stand for values of other types. An object that has not exactly the shape, or
/// a value that is none of the type, is an object like any other: somebody's own.
/// </summary>
internal static class ExtendedJson
{
    private const int ObjectIdBytes = 12;

    // The bits that everybody else's NaN has; .NET's own has a sign.
    private static readonly double NotANumber = BitConverter.UInt64BitsToDouble(0x7ff8_0000_0000_0000);

    /// <summary>
    /// Writes the value and leaves the reader at the object's end. Null, and nothing has changed, when the object is one like any other.
    /// </summary>
    public static BsonType? TryWrite(ref Utf8JsonReader reader, BsonBuffer bson, BsonFromJsonForm form)
    {
        var probe = reader;
        if (!probe.Read() || probe.TokenType != JsonTokenType.PropertyName || !probe.ValueSpan.StartsWith("$"u8))
            return null;

        var name = probe.GetString()!;
        if (form == BsonFromJsonForm.PlainWithPythonNumbers && name != "$numberDouble")
            return null;

        probe.Read();
        var start = bson.Length;
        if (TryWrite(name, ref probe, bson) is not { } type || !probe.Read() || probe.TokenType != JsonTokenType.EndObject)
        {
            bson.CutTo(start);
            return null;
        }

        reader = probe;
        return type;
    }

    private static BsonType? TryWrite(string name, ref Utf8JsonReader reader, BsonBuffer bson) =>
        name switch
        {
            "$date" => WriteDate(ref reader, bson),
            "$binary" => WriteBinary(ref reader, bson),
            "$timestamp" => WriteTimestamp(ref reader, bson),
            "$regularExpression" => WriteExpression(ref reader, bson),
            "$dbPointer" => WritePointer(ref reader, bson),
            "$code" => WriteCode(ref reader, bson),
            "$undefined" when reader.TokenType == JsonTokenType.True => BsonType.Undefined,
            "$minKey" when IsOne(ref reader) => BsonType.MinKey,
            "$maxKey" when IsOne(ref reader) => BsonType.MaxKey,
            _ when reader.TokenType == JsonTokenType.String => WriteText(name, reader.GetString()!, bson),
            _ => null,
        };

    private static BsonType? WriteText(string name, string text, BsonBuffer bson)
    {
        switch (name)
        {
            case "$oid" when text.Length == 2 * ObjectIdBytes && ObjectId.TryParse(text, out var id):
                bson.Raw(id.ToByteArray());
                return BsonType.ObjectId;
            case "$symbol":
                bson.String(text);
                return BsonType.Symbol;
            case "$numberInt" when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number):
                bson.Int32(number);
                return BsonType.Int32;
            case "$numberLong" when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number):
                bson.Int64(number);
                return BsonType.Int64;
            case "$numberDouble" when TryReadDouble(text, out var number):
                bson.Double(number);
                return BsonType.Double;
            case "$numberDecimal" when Decimal128.TryParse(text, out var number):
                bson.Int64((long)number.GetIEEELowBits());
                bson.Int64((long)number.GetIEEEHighBits());
                return BsonType.Decimal128;
            case "$uuid" when Guid.TryParseExact(text, "D", out var uuid):
                bson.Int32(16);
                bson.Byte((byte)BsonBinarySubType.UuidStandard);
                bson.Raw(uuid.ToByteArray(bigEndian: true));
                return BsonType.Binary;
            default:
                return null;
        }
    }

    private static bool TryReadDouble(string text, out double number)
    {
        number = text switch
        {
            "NaN" => NotANumber,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            _ => 0,
        };
        return number != 0
            || (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number));
    }

    private static BsonType? WriteDate(ref Utf8JsonReader reader, BsonBuffer bson)
    {
        long milliseconds;
        switch (reader.TokenType)
        {
            case JsonTokenType.Number when reader.TryGetInt64(out milliseconds):
                break;
            case JsonTokenType.String when TryReadIso(reader.GetString()!, out milliseconds):
                break;
            case JsonTokenType.StartObject
                when TextFields(ref reader) is { Count: 1 } fields
                    && fields.TryGetValue("$numberLong", out var digits)
                    && long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out milliseconds):
                break;
            default:
                return null;
        }

        bson.Int64(milliseconds);
        return BsonType.DateTime;
    }

    // As mongoexport writes them: whole, and to the millisecond at most. A shorter text is somebody's own.
    private static bool TryReadIso(string text, out long milliseconds)
    {
        milliseconds = 0;
        if (text.Length < 20 || text[10] != 'T' || !LaxInput.TryReadTime(Encoding.UTF8.GetBytes(text), out var time, out _))
            return false;

        milliseconds = time.ToUnixTimeMilliseconds();
        return time.Ticks % TimeSpan.TicksPerMillisecond == 0;
    }

    private static BsonType? WriteBinary(ref Utf8JsonReader reader, BsonBuffer bson)
    {
        if (
            reader.TokenType != JsonTokenType.StartObject
            || TextFields(ref reader) is not { Count: 2 } fields
            || !fields.TryGetValue("base64", out var base64)
            || !fields.TryGetValue("subType", out var subType)
            || !byte.TryParse(subType, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var type)
            || !Base64.IsValid(base64)
        )
            return null;

        var bytes = Convert.FromBase64String(base64);

        // The oldest sub type has its length once more inside, which Extended JSON leaves out.
        bson.Int32(type == 2 ? bytes.Length + sizeof(int) : bytes.Length);
        bson.Byte(type);
        if (type == 2)
            bson.Int32(bytes.Length);
        bson.Raw(bytes);
        return BsonType.Binary;
    }

    private static BsonType? WriteTimestamp(ref Utf8JsonReader reader, BsonBuffer bson)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            return null;

        uint? seconds = null;
        uint? increment = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isSeconds = reader.ValueTextEquals("t"u8);
            var isIncrement = reader.ValueTextEquals("i"u8);
            reader.Read();
            if (isSeconds == isIncrement || reader.TokenType != JsonTokenType.Number || !reader.TryGetUInt32(out var number))
                return null;

            seconds = isSeconds ? number : seconds;
            increment = isIncrement ? number : increment;
        }

        if (seconds is null || increment is null)
            return null;

        bson.Int64((long)(((ulong)seconds << 32) | increment.Value));
        return BsonType.Timestamp;
    }

    private static BsonType? WriteExpression(ref Utf8JsonReader reader, BsonBuffer bson)
    {
        if (
            reader.TokenType != JsonTokenType.StartObject
            || TextFields(ref reader) is not { Count: 2 } fields
            || !fields.TryGetValue("pattern", out var pattern)
            || !fields.TryGetValue("options", out var options)
            || (pattern + options).Contains('\0', StringComparison.Ordinal)
        )
            return null;

        bson.CString(pattern);
        bson.CString(options);
        return BsonType.RegularExpression;
    }

    private static BsonType? WritePointer(ref Utf8JsonReader reader, BsonBuffer bson)
    {
        if (
            reader.TokenType != JsonTokenType.StartObject
            || !Next(ref reader, "$ref"u8, JsonTokenType.String)
            || reader.GetString() is not { } collection
            || !Next(ref reader, "$id"u8, JsonTokenType.StartObject)
            || TextFields(ref reader) is not { Count: 1 } fields
            || !fields.TryGetValue("$oid", out var text)
            || !ObjectId.TryParse(text, out var id)
            || !reader.Read()
            || reader.TokenType != JsonTokenType.EndObject
        )
            return null;

        bson.String(collection);
        bson.Raw(id.ToByteArray());
        return (BsonType)BsonTypes.DbPointer;
    }

    private static BsonType? WriteCode(ref Utf8JsonReader reader, BsonBuffer bson)
    {
        if (reader.TokenType != JsonTokenType.String)
            return null;

        var code = reader.GetString()!;
        var behind = reader;
        if (behind.Read() && behind.TokenType == JsonTokenType.EndObject)
        {
            bson.String(code);
            return BsonType.JavaScript;
        }

        if (!Next(ref reader, "$scope"u8, JsonTokenType.StartObject))
            return null;

        var begin = bson.Begin();
        bson.String(code);
        BsonFromJson.WriteObject(ref reader, bson, BsonFromJsonForm.Extended, rename: null);
        bson.SetLength(begin);
        return BsonType.JavaScriptWithScope;
    }

    private static bool Next(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, JsonTokenType type) =>
        reader.Read()
        && reader.TokenType == JsonTokenType.PropertyName
        && reader.ValueTextEquals(name)
        && reader.Read()
        && reader.TokenType == type;

    /// <summary>The fields of an object that has only texts, read to its end; null for another.</summary>
    private static Dictionary<string, string>? TextFields(ref Utf8JsonReader reader)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (!reader.Read() || reader.TokenType != JsonTokenType.String || !fields.TryAdd(name, reader.GetString()!))
                return null;
        }

        return fields;
    }

    private static bool IsOne(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) && number == 1;
}
