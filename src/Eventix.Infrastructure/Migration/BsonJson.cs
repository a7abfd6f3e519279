using System.Buffers;
using System.Globalization;
using System.Text;
using MongoDB.Bson;
using MongoDB.Bson.IO;

namespace Eventix.Infrastructure.Migration;

/// <summary>How values are written that JSON has no type for, or less types than BSON.</summary>
internal enum BsonJsonForm
{
    /// <summary>
    /// For args, kwargs and results. What has a JSON type becomes that: integers exactly, doubles with all their digits and always with a
    /// point or an exponent, NaN and the infinities as `null`. The rest is Extended JSON v2, from which it can be turned back, with dates from
    /// 1970 to 9999 as text: `{"$date": "2026-03-01T12:00:00Z"}`.
    /// </summary>
    Plain,

    /// <summary>Extended JSON v2, canonical: every type is kept, numbers too (`{"$numberInt": "7"}`).</summary>
    Canonical,
}

/// <summary>
/// Writes BSON as JSON text, straight from reader to buffer. All text is UTF-8, with nothing escaped but quotes, backslashes and control
/// characters (no encoder of the base library leaves emoji alone).
/// </summary>
internal static class BsonJson
{
    /// <summary>MongoDB takes 100 levels. More than this is refused, so that no document can exhaust the stack.</summary>
    public const int DeepestLevel = 200;

    private const long LastMillisecondOf9999 = 253_402_300_799_999;

    private static readonly SearchValues<char> Escaped = SearchValues.Create([
        .. Enumerable.Range(0, 0x20).Select(code => (char)code),
        '"',
        '\\',
    ]);

    /// <summary>Opens a document for reading, bytes and text as they are.</summary>
    public static BsonBinaryReader Open(byte[] document) =>
        new(
            new ByteBufferStream(new ByteArrayBuffer(document, isReadOnly: true)),
            new BsonBinaryReaderSettings { FixOldBinarySubTypeOnInput = false, FixOldDateTimeMaxValueOnInput = false }
        );

    /// <summary>Writes the value that the reader stands before.</summary>
    /// <exception cref="BsonSerializationException">It nests deeper than <see cref="DeepestLevel"/>.</exception>
    public static void Write(IBsonReader reader, IBufferWriter<byte> json, BsonJsonForm form) => WriteValue(reader, json, form, level: 1);

    /// <summary>Writes a JSON string.</summary>
    public static void WriteText(IBufferWriter<byte> json, ReadOnlySpan<char> text)
    {
        json.Write("\""u8);
        for (int next; (next = text.IndexOfAny(Escaped)) >= 0; text = text[(next + 1)..])
        {
            Encoding.UTF8.GetBytes(text[..next], json);
            WriteEscape(json, text[next]);
        }

        Encoding.UTF8.GetBytes(text, json);
        json.Write("\""u8);
    }

    private static void WriteEscape(IBufferWriter<byte> json, char character)
    {
        switch (character)
        {
            case '"':
                json.Write("\\\""u8);
                break;
            case '\\':
                json.Write("\\\\"u8);
                break;
            case '\n':
                json.Write("\\n"u8);
                break;
            case '\r':
                json.Write("\\r"u8);
                break;
            case '\t':
                json.Write("\\t"u8);
                break;
            default:
                WriteRaw(json, $"\\u{(int)character:x4}");
                break;
        }
    }

    private static void WriteValue(IBsonReader reader, IBufferWriter<byte> json, BsonJsonForm form, int level)
    {
        if (level > DeepestLevel)
            throw new BsonSerializationException($"It nests deeper than {DeepestLevel} levels.");

        switch (reader.GetCurrentBsonType())
        {
            case BsonType.Document:
                WriteDocument(reader, json, form, level);
                break;
            case BsonType.Array:
                WriteArray(reader, json, form, level);
                break;
            case BsonType.String:
                WriteText(json, reader.ReadString());
                break;
            case BsonType.Boolean:
                json.Write(reader.ReadBoolean() ? "true"u8 : "false"u8);
                break;
            case BsonType.Null:
                reader.ReadNull();
                json.Write("null"u8);
                break;
            case BsonType.Int32:
                WriteNumber(json, form, "$numberInt", reader.ReadInt32().ToString(CultureInfo.InvariantCulture));
                break;
            case BsonType.Int64:
                WriteNumber(json, form, "$numberLong", reader.ReadInt64().ToString(CultureInfo.InvariantCulture));
                break;
            case BsonType.Double:
                WriteDouble(json, form, reader.ReadDouble());
                break;
            case BsonType.DateTime:
                WriteDate(json, form, reader.ReadDateTime());
                break;
            case BsonType.JavaScriptWithScope:
                json.Write("{\"$code\":"u8);
                WriteText(json, reader.ReadJavaScriptWithScope());
                json.Write(",\"$scope\":"u8);
                WriteDocument(reader, json, form, level);
                json.Write("}"u8);
                break;
            default:
                WriteRare(reader, json);
                break;
        }
    }

    private static void WriteDocument(IBsonReader reader, IBufferWriter<byte> json, BsonJsonForm form, int level)
    {
        json.Write("{"u8);
        reader.ReadStartDocument();
        for (var first = true; reader.ReadBsonType() != BsonType.EndOfDocument; first = false)
        {
            if (!first)
                json.Write(","u8);

            WriteText(json, reader.ReadName());
            json.Write(":"u8);
            WriteValue(reader, json, form, level + 1);
        }

        reader.ReadEndDocument();
        json.Write("}"u8);
    }

    private static void WriteArray(IBsonReader reader, IBufferWriter<byte> json, BsonJsonForm form, int level)
    {
        json.Write("["u8);
        reader.ReadStartArray();
        for (var first = true; reader.ReadBsonType() != BsonType.EndOfDocument; first = false)
        {
            if (!first)
                json.Write(","u8);

            WriteValue(reader, json, form, level + 1);
        }

        reader.ReadEndArray();
        json.Write("]"u8);
    }

    private static void WriteNumber(IBufferWriter<byte> json, BsonJsonForm form, string type, string digits)
    {
        if (form == BsonJsonForm.Canonical)
            WriteRaw(json, $$"""{"{{type}}":"{{digits}}"}""");
        else
            WriteRaw(json, digits);
    }

    private static void WriteDouble(IBufferWriter<byte> json, BsonJsonForm form, double number)
    {
        if (!double.IsFinite(number) && form == BsonJsonForm.Plain)
        {
            json.Write("null"u8);
            return;
        }

        // The shortest digits that give the same double back. `1` would come back as an integer.
        var digits = number.ToString("R", CultureInfo.InvariantCulture);
        if (double.IsFinite(number) && !digits.AsSpan().ContainsAny('.', 'E'))
            digits += ".0";

        WriteNumber(json, form, "$numberDouble", digits);
    }

    private static void WriteDate(IBufferWriter<byte> json, BsonJsonForm form, long milliseconds)
    {
        if (form == BsonJsonForm.Canonical || milliseconds is < 0 or > LastMillisecondOf9999)
        {
            WriteRaw(json, $$$"""{"$date":{"$numberLong":"{{{milliseconds}}}"}}""");
            return;
        }

        var time = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        var text = time.ToString(time.Millisecond == 0 ? "yyyy-MM-ddTHH:mm:ssZ" : "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        WriteRaw(json, $$"""{"$date":"{{text}}"}""");
    }

    /// <summary>The types that are written alike in both forms.</summary>
    private static void WriteRare(IBsonReader reader, IBufferWriter<byte> json)
    {
        switch (reader.GetCurrentBsonType())
        {
            case BsonType.ObjectId:
                WriteRaw(json, $$"""{"$oid":"{{reader.ReadObjectId()}}"}""");
                break;
            case BsonType.Decimal128:
                WriteRaw(json, $$"""{"$numberDecimal":"{{reader.ReadDecimal128()}}"}""");
                break;
            case BsonType.Binary:
                var binary = reader.ReadBinaryData();
                WriteRaw(
                    json,
                    $$$"""{"$binary":{"base64":"{{{Convert.ToBase64String(binary.Bytes)}}}","subType":"{{{(byte)binary.SubType:x2}}}"}}"""
                );
                break;
            case BsonType.RegularExpression:
                var expression = reader.ReadRegularExpression();
                json.Write("{\"$regularExpression\":{\"pattern\":"u8);
                WriteText(json, expression.Pattern);
                json.Write(",\"options\":"u8);
                WriteText(json, expression.Options);
                json.Write("}}"u8);
                break;
            case BsonType.Timestamp:
                var timestamp = new BsonTimestamp(reader.ReadTimestamp());
                WriteRaw(json, $$$"""{"$timestamp":{"t":{{{(uint)timestamp.Timestamp}}},"i":{{{(uint)timestamp.Increment}}}}}""");
                break;
            case BsonType.JavaScript:
                WriteWrappedText(json, "$code", reader.ReadJavaScript());
                break;
            case BsonType.Symbol:
                WriteWrappedText(json, "$symbol", reader.ReadSymbol());
                break;
            case BsonType.Undefined:
                reader.ReadUndefined();
                json.Write("""{"$undefined":true}"""u8);
                break;
            case BsonType.MinKey:
                reader.ReadMinKey();
                json.Write("""{"$minKey":1}"""u8);
                break;
            case BsonType.MaxKey:
                reader.ReadMaxKey();
                json.Write("""{"$maxKey":1}"""u8);
                break;
            default:
                throw new BsonSerializationException($"It holds a value of the type {reader.GetCurrentBsonType()}, which cannot be read.");
        }
    }

    private static void WriteWrappedText(IBufferWriter<byte> json, string type, string text)
    {
        WriteRaw(json, $$"""{"{{type}}":""");
        WriteText(json, text);
        json.Write("}"u8);
    }

    public static void WriteRaw(IBufferWriter<byte> json, string text) => Encoding.UTF8.GetBytes(text, json);
}
