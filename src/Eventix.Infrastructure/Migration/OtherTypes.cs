using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Migration;

/// <summary>The types of BSON that JSON has nothing for, as Extended JSON v2.</summary>
internal static class OtherTypes
{
    private const long LastMillisecondOf9999 = 253_402_300_799_999;

    // Of the oldest sub type, the bytes have their length once more before them.
    private const int OldBinary = 2;

    private const int ObjectIdBytes = 12;

    /// <exception cref="FormatException">It is damaged.</exception>
    public static void Write(BsonType type, ReadOnlySpan<byte> value, IBufferWriter<byte> json, BsonJsonForm form)
    {
        switch ((int)type)
        {
            case (int)BsonType.DateTime:
                WriteDate(json, form, BinaryPrimitives.ReadInt64LittleEndian(value));
                break;
            case (int)BsonType.ObjectId:
                WriteId(json, value);
                break;
            case (int)BsonType.Decimal128:
                var number = Decimal128.FromIEEEBits(
                    BinaryPrimitives.ReadUInt64LittleEndian(value[sizeof(long)..]),
                    BinaryPrimitives.ReadUInt64LittleEndian(value)
                );
                BsonJson.WriteRaw(json, $$"""{"$numberDecimal":"{{number}}"}""");
                break;
            case (int)BsonType.Binary:
                WriteBinary(json, value);
                break;
            case (int)BsonType.RegularExpression:
                var end = value.IndexOf((byte)0);
                json.Write("{\"$regularExpression\":{\"pattern\":"u8);
                BsonJson.WriteText(json, BsonElements.Checked(value[..end]));
                json.Write(",\"options\":"u8);
                BsonJson.WriteText(json, BsonElements.Checked(value[(end + 1)..^1]));
                json.Write("}}"u8);
                break;
            case (int)BsonType.Timestamp:
                var timestamp = BinaryPrimitives.ReadUInt64LittleEndian(value);
                BsonJson.WriteRaw(json, $$$"""{"$timestamp":{"t":{{{timestamp >> 32}}},"i":{{{(uint)timestamp}}}}}""");
                break;
            case (int)BsonType.JavaScript:
                WriteWrapped(json, "$code", value);
                break;
            case (int)BsonType.Symbol:
                WriteWrapped(json, "$symbol", value);
                break;
            case BsonTypes.DbPointer:
                json.Write("{\"$dbPointer\":{\"$ref\":"u8);
                BsonJson.WriteText(json, BsonElements.Text(value[..^ObjectIdBytes]));
                json.Write(",\"$id\":"u8);
                WriteId(json, value[^ObjectIdBytes..]);
                json.Write("}}"u8);
                break;
            case (int)BsonType.Undefined:
                json.Write("""{"$undefined":true}"""u8);
                break;
            case (int)BsonType.MinKey:
                json.Write("""{"$minKey":1}"""u8);
                break;
            case (int)BsonType.MaxKey:
                json.Write("""{"$maxKey":1}"""u8);
                break;
            default:
                throw new FormatException($"It holds a value of the type {type}, which cannot be written.");
        }
    }

    private static void WriteDate(IBufferWriter<byte> json, BsonJsonForm form, long milliseconds)
    {
        if (form == BsonJsonForm.Canonical || milliseconds is < 0 or > LastMillisecondOf9999)
        {
            BsonJson.WriteRaw(json, $$$"""{"$date":{"$numberLong":"{{{milliseconds}}}"}}""");
            return;
        }

        var time = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        var text = time.ToString(time.Millisecond == 0 ? "yyyy-MM-ddTHH:mm:ssZ" : "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        BsonJson.WriteRaw(json, $$"""{"$date":"{{text}}"}""");
    }

    private static void WriteId(IBufferWriter<byte> json, ReadOnlySpan<byte> id) =>
        BsonJson.WriteRaw(json, $$"""{"$oid":"{{Convert.ToHexStringLower(id)}}"}""");

    private static void WriteBinary(IBufferWriter<byte> json, ReadOnlySpan<byte> value)
    {
        var subType = value[sizeof(int)];
        var bytes = value[(sizeof(int) + 1)..];
        if (subType == OldBinary)
            bytes =
                bytes.Length >= sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(bytes) == bytes.Length - sizeof(int)
                    ? bytes[sizeof(int)..]
                    : throw new FormatException("Binary data does not end where it should.");

        BsonJson.WriteRaw(json, $$$"""{"$binary":{"base64":"{{{Convert.ToBase64String(bytes)}}}","subType":"{{{subType:x2}}}"}}""");
    }

    private static void WriteWrapped(IBufferWriter<byte> json, string type, ReadOnlySpan<byte> value)
    {
        BsonJson.WriteRaw(json, $$"""{"{{type}}":""");
        BsonJson.WriteText(json, BsonElements.Text(value));
        json.Write("}"u8);
    }
}
