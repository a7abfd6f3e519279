using System.Globalization;
using System.Text.Json;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Migration;

/// <summary>What an object like `{"$date": …}` means in JSON that becomes BSON.</summary>
internal enum BsonFromJsonForm
{
    /// <summary>An object: JSON is what it says. What the old server made of a request, and of what workers wrote back.</summary>
    Plain,

    /// <summary>The same, but `{"$numberDouble": …}` stands for what <see cref="Sources.PythonNumbers"/> found.</summary>
    PlainWithPythonNumbers,

    /// <summary>A value of the type that it names: Extended JSON v2, relaxed or canonical.</summary>
    Extended,
}

/// <summary>
/// Writes BSON of JSON: integers as Int32 where they fit and else as Int64, everything with a point or an exponent as Double, as the old server's
/// driver did. The order of keys stays, and repeated ones too.
/// </summary>
internal static class BsonFromJson
{
    public const int DeepestLevel = 512;

    /// <summary>A whole document.</summary>
    /// <param name="json">A JSON object as UTF-8.</param>
    /// <param name="form">What `$date` and the like mean.</param>
    /// <param name="rename">The names of the top level; null leaves them.</param>
    /// <exception cref="FormatException">It holds what BSON cannot: an integer beyond 64 bits, a key with NUL.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static byte[] Document(ReadOnlySpan<byte> json, BsonFromJsonForm form, Func<string, string>? rename = null)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DeepestLevel });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new FormatException("It is no JSON object.");

        var bson = new BsonBuffer();
        WriteObject(ref reader, bson, form, rename);
        return bson.Written.ToArray();
    }

    /// <summary>Writes any JSON value as the element of this name. The same faults as of <see cref="Document"/>.</summary>
    public static void Write(string name, ReadOnlySpan<byte> json, BsonBuffer bson, BsonFromJsonForm form)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DeepestLevel });
        reader.Read();
        WriteElement(name, ref reader, bson, form);
    }

    private static void WriteElement(string name, ref Utf8JsonReader reader, BsonBuffer bson, BsonFromJsonForm form)
    {
        var type = bson.Name(name);
        bson.SetType(type, WriteValue(ref reader, bson, form));
    }

    private static BsonType WriteValue(ref Utf8JsonReader reader, BsonBuffer bson, BsonFromJsonForm form)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                if (form != BsonFromJsonForm.Plain && ExtendedJson.TryWrite(ref reader, bson, form) is { } type)
                    return type;

                WriteObject(ref reader, bson, form, rename: null);
                return BsonType.Document;
            case JsonTokenType.StartArray:
                WriteArray(ref reader, bson, form);
                return BsonType.Array;
            case JsonTokenType.String:
                bson.String(reader.GetString()!);
                return BsonType.String;
            case JsonTokenType.Number:
                return WriteNumber(ref reader, bson);
            case JsonTokenType.True or JsonTokenType.False:
                bson.Byte((byte)(reader.GetBoolean() ? 1 : 0));
                return BsonType.Boolean;
            default:
                return BsonType.Null;
        }
    }

    /// <summary>Writes the object that the reader stands at the begin of, and leaves it at the end.</summary>
    public static void WriteObject(ref Utf8JsonReader reader, BsonBuffer bson, BsonFromJsonForm form, Func<string, string>? rename)
    {
        var begin = bson.Begin();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            WriteElement(rename is null ? name : rename(name), ref reader, bson, form);
        }

        bson.End(begin);
    }

    private static void WriteArray(ref Utf8JsonReader reader, BsonBuffer bson, BsonFromJsonForm form)
    {
        var begin = bson.Begin();
        for (var n = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; n++)
            WriteElement(n.ToString(CultureInfo.InvariantCulture), ref reader, bson, form);

        bson.End(begin);
    }

    private static BsonType WriteNumber(ref Utf8JsonReader reader, BsonBuffer bson)
    {
        if (reader.TryGetInt32(out var small) && !IsReal(reader.ValueSpan))
        {
            bson.Int32(small);
            return BsonType.Int32;
        }

        if (reader.TryGetInt64(out var large) && !IsReal(reader.ValueSpan))
        {
            bson.Int64(large);
            return BsonType.Int64;
        }

        var real = reader.GetDouble();
        if (!IsReal(reader.ValueSpan) || !double.IsFinite(real))
            throw new FormatException($"The number {Shown(reader.ValueSpan)} does not fit into 64 bits, and MongoDB has no larger ones.");

        bson.Double(real);
        return BsonType.Double;
    }

    private static bool IsReal(ReadOnlySpan<byte> number) => number.ContainsAny((byte)'.', (byte)'e', (byte)'E');

    private static string Shown(ReadOnlySpan<byte> number) =>
        System.Text.Encoding.ASCII.GetString(number[..Math.Min(number.Length, 40)]) + (number.Length > 40 ? "…" : "");
}
