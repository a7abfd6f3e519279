using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Migration;

/// <summary>How values are written that JSON has no type for, or less types than BSON.</summary>
internal enum BsonJsonForm
{
    /// <summary>
    /// For args, kwargs and results. What has a JSON type becomes that: integers exactly, doubles with all their digits and always with a
    /// point or an exponent, NaN and the infinities as `null`. The rest is Extended JSON v2, with dates from 1970 to 9999 as text:
    /// `{"$date": "2026-03-01T12:00:00Z"}`.
    /// </summary>
    Plain,

    /// <summary>Extended JSON v2, canonical: every type is kept, numbers too (`{"$numberInt": "7"}`).</summary>
    Canonical,
}

/// <summary>
/// Writes BSON as JSON text, straight from bytes to bytes. All text is UTF-8, with nothing escaped but quotes, backslashes and control
/// characters (no encoder of the base library leaves emoji alone).
/// </summary>
internal static class BsonJson
{
    /// <summary>MongoDB takes 100 levels. More than this is refused, so that no document can exhaust the stack.</summary>
    public const int DeepestLevel = 200;

    private static readonly SearchValues<byte> Escaped = SearchValues.Create([
        .. Enumerable.Range(0, 0x20).Select(code => (byte)code),
        (byte)'"',
        (byte)'\\',
    ]);

    /// <summary>Writes a value.</summary>
    /// <param name="value">As <see cref="BsonElements.Value"/> gives it.</param>
    /// <returns>Whether <see cref="BsonFromJsonForm.Plain"/> makes the same bytes of what was written.</returns>
    /// <exception cref="FormatException">It is damaged, or nests deeper than <see cref="DeepestLevel"/>.</exception>
    public static bool Write(BsonType type, ReadOnlySpan<byte> value, IBufferWriter<byte> json, BsonJsonForm form) =>
        WriteValue(type, value, json, form, level: 1);

    /// <summary>Writes a whole document in canonical form.</summary>
    public static void WriteCanonical(ReadOnlySpan<byte> document, IBufferWriter<byte> json) =>
        Write(BsonType.Document, document, json, BsonJsonForm.Canonical);

    /// <summary>Writes a JSON string.</summary>
    public static void WriteText(IBufferWriter<byte> json, ReadOnlySpan<char> text)
    {
        var utf8 = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, utf8);
        WriteText(json, utf8);
    }

    /// <summary>Writes a JSON string.</summary>
    public static void WriteText(IBufferWriter<byte> json, ReadOnlySpan<byte> utf8)
    {
        json.Write("\""u8);
        for (int next; (next = utf8.IndexOfAny(Escaped)) >= 0; utf8 = utf8[(next + 1)..])
        {
            json.Write(utf8[..next]);
            WriteEscape(json, utf8[next]);
        }

        json.Write(utf8);
        json.Write("\""u8);
    }

    public static void WriteRaw(IBufferWriter<byte> json, string text) => Encoding.UTF8.GetBytes(text, json);

    private static void WriteEscape(IBufferWriter<byte> json, byte character)
    {
        switch (character)
        {
            case (byte)'"':
                json.Write("\\\""u8);
                break;
            case (byte)'\\':
                json.Write("\\\\"u8);
                break;
            case (byte)'\n':
                json.Write("\\n"u8);
                break;
            case (byte)'\r':
                json.Write("\\r"u8);
                break;
            case (byte)'\t':
                json.Write("\\t"u8);
                break;
            default:
                WriteRaw(json, $"\\u{(int)character:x4}");
                break;
        }
    }

    private static bool WriteValue(BsonType type, ReadOnlySpan<byte> value, IBufferWriter<byte> json, BsonJsonForm form, int level)
    {
        if (level > DeepestLevel)
            throw new FormatException($"It nests deeper than {DeepestLevel} levels.");

        switch (type)
        {
            case BsonType.Document:
                return WriteDocument(value, json, form, level);
            case BsonType.Array:
                return WriteArray(value, json, form, level);
            case BsonType.String:
                WriteText(json, BsonElements.Text(value));
                return true;
            case BsonType.Boolean:
                json.Write(value[0] != 0 ? "true"u8 : "false"u8);
                return value[0] <= 1;
            case BsonType.Null:
                json.Write("null"u8);
                return true;
            case BsonType.Int32:
                WriteNumber(json, form, "$numberInt", BinaryPrimitives.ReadInt32LittleEndian(value));
                return true;
            case BsonType.Int64:
                var number = BinaryPrimitives.ReadInt64LittleEndian(value);
                WriteNumber(json, form, "$numberLong", number);
                return number is < int.MinValue or > int.MaxValue;
            case BsonType.Double:
                return WriteDouble(json, form, BinaryPrimitives.ReadDoubleLittleEndian(value));
            case BsonType.JavaScriptWithScope:
                WriteCode(value, json, form, level);
                return false;
            default:
                OtherTypes.Write(type, value, json, form);
                return false;
        }
    }

    private static bool WriteDocument(ReadOnlySpan<byte> document, IBufferWriter<byte> json, BsonJsonForm form, int level)
    {
        var isExact = true;
        var elements = new BsonElements(document);
        json.Write("{"u8);
        for (var first = true; elements.Next(); first = false)
        {
            if (!first)
                json.Write(","u8);

            WriteText(json, BsonElements.Checked(elements.Name));
            json.Write(":"u8);
            isExact &= WriteValue(elements.Type, elements.Value, json, form, level + 1);
        }

        json.Write("}"u8);
        return isExact;
    }

    private static bool WriteArray(ReadOnlySpan<byte> array, IBufferWriter<byte> json, BsonJsonForm form, int level)
    {
        var isExact = true;
        var elements = new BsonElements(array);
        json.Write("["u8);
        for (var n = 0; elements.Next(); n++)
        {
            if (n > 0)
                json.Write(","u8);

            isExact &= Utf8Parser.TryParse(elements.Name, out int name, out var used) && used == elements.Name.Length && name == n;
            isExact &= WriteValue(elements.Type, elements.Value, json, form, level + 1);
        }

        json.Write("]"u8);
        return isExact;
    }

    private static void WriteNumber(IBufferWriter<byte> json, BsonJsonForm form, string type, long number)
    {
        if (form == BsonJsonForm.Canonical)
        {
            WriteRaw(json, $$"""{"{{type}}":"{{number}}"}""");
            return;
        }

        const int LongestNumber = 20;
        Utf8Formatter.TryFormat(number, json.GetSpan(LongestNumber), out var written);
        json.Advance(written);
    }

    private static bool WriteDouble(IBufferWriter<byte> json, BsonJsonForm form, double number)
    {
        if (!double.IsFinite(number) && form == BsonJsonForm.Plain)
        {
            json.Write("null"u8);
            return false;
        }

        // The shortest digits that give the same double back. `1` would come back as an integer.
        var digits = number.ToString("R", CultureInfo.InvariantCulture);
        if (double.IsFinite(number) && !digits.AsSpan().ContainsAny('.', 'E'))
            digits += ".0";

        WriteRaw(json, form == BsonJsonForm.Canonical ? $$"""{"$numberDouble":"{{digits}}"}""" : digits);
        return true;
    }

    /// <summary>The whole length, the code as a text, and a document.</summary>
    private static void WriteCode(ReadOnlySpan<byte> value, IBufferWriter<byte> json, BsonJsonForm form, int level)
    {
        var rest = value.Length < 2 * sizeof(int) ? throw new FormatException("Code does not end where it should.") : value[sizeof(int)..];
        var codeLength = BinaryPrimitives.ReadInt32LittleEndian(rest);
        if (codeLength < 1 || codeLength > rest.Length - sizeof(int))
            throw new FormatException("Code does not end where it should.");

        json.Write("{\"$code\":"u8);
        WriteText(json, BsonElements.Text(rest[..(sizeof(int) + codeLength)]));
        json.Write(",\"$scope\":"u8);
        WriteDocument(rest[(sizeof(int) + codeLength)..], json, form, level + 1);
        json.Write("}"u8);
    }
}
