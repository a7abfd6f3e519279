using System.Buffers.Binary;
using System.Text;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// Walks over the elements of a BSON document, or of an array, without building anything. The driver's reader builds every text, and ends at a
/// DBPointer.
/// </summary>
internal ref struct BsonElements
{
    private const int LengthBytes = sizeof(int);
    private const int ObjectIdBytes = 12;
    private const int Decimal128Bytes = 16;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _document;
    private int _at = LengthBytes;

    /// <exception cref="FormatException">Its length is not that of the bytes, or its end is missing.</exception>
    public BsonElements(ReadOnlySpan<byte> document)
    {
        if (document.Length <= LengthBytes || BinaryPrimitives.ReadInt32LittleEndian(document) != document.Length || document[^1] != 0)
            throw new FormatException("A document does not end where it should.");

        _document = document;
    }

    public BsonType Type { get; private set; }

    /// <summary>UTF-8, unchecked.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>As it stands in the document, without type and name.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Where <see cref="Value"/> begins in the document.</summary>
    public int ValueStart { get; private set; }

    /// <summary>Steps to the next element; false behind the last one.</summary>
    /// <exception cref="FormatException">What stands there is no element.</exception>
    public bool Next()
    {
        if (_at == _document.Length - 1)
            return false;

        Type = (BsonType)_document[_at];
        var name = _document[(_at + 1)..^1];
        var end = name.IndexOf((byte)0);
        if (end < 0)
            throw new FormatException("A name has no end.");

        Name = name[..end];
        ValueStart = _at + 1 + end + 1;
        var rest = _document[ValueStart..^1];
        var size = SizeOf(Type, rest);
        if (size < 0 || size > rest.Length)
            throw new FormatException($"The value of {Encoding.UTF8.GetString(Name)} does not end where it should.");

        Value = rest[..size];
        _at = ValueStart + size;
        return true;
    }

    /// <summary>A value of the types String, JavaScript and Symbol: text with its length before it and a zero behind.</summary>
    /// <exception cref="FormatException">It is not that, or no UTF-8.</exception>
    public static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> value)
    {
        if (value.Length <= LengthBytes || value[^1] != 0 || BinaryPrimitives.ReadInt32LittleEndian(value) != value.Length - LengthBytes)
            throw new FormatException("A text does not end where it should.");

        return Checked(value[LengthBytes..^1]);
    }

    /// <exception cref="FormatException">It is no UTF-8.</exception>
    public static ReadOnlySpan<byte> Checked(ReadOnlySpan<byte> text) =>
        System.Text.Unicode.Utf8.IsValid(text) ? text : throw new FormatException("A text is no UTF-8.");

    /// <exception cref="FormatException">It is no UTF-8.</exception>
    public static string ToText(ReadOnlySpan<byte> utf8) => Strict.GetString(Checked(utf8));

    private static int SizeOf(BsonType type, ReadOnlySpan<byte> rest)
    {
        switch ((int)type)
        {
            case (int)BsonType.Null or (int)BsonType.Undefined or (int)BsonType.MinKey or (int)BsonType.MaxKey:
                return 0;
            case (int)BsonType.Boolean:
                return 1;
            case (int)BsonType.Int32:
                return sizeof(int);
            case (int)BsonType.Double or (int)BsonType.Int64 or (int)BsonType.DateTime or (int)BsonType.Timestamp:
                return sizeof(long);
            case (int)BsonType.ObjectId:
                return ObjectIdBytes;
            case (int)BsonType.Decimal128:
                return Decimal128Bytes;
            case (int)BsonType.Document or (int)BsonType.Array or (int)BsonType.JavaScriptWithScope:
                return Length(rest);
            case (int)BsonType.String or (int)BsonType.JavaScript or (int)BsonType.Symbol:
                return LengthBytes + Length(rest);
            case BsonTypes.DbPointer:
                return LengthBytes + Length(rest) + ObjectIdBytes;
            case (int)BsonType.Binary:
                return LengthBytes + 1 + Length(rest);
            case (int)BsonType.RegularExpression:
                var pattern = rest.IndexOf((byte)0);
                var options = pattern < 0 ? -1 : rest[(pattern + 1)..].IndexOf((byte)0);
                return options < 0 ? -1 : pattern + options + 2;
            default:
                throw new FormatException($"A value has the type 0x{(byte)type:x2}, which BSON does not have.");
        }
    }

    // Negative, or beyond what an int holds with the rest of the value, is nobody's length.
    private static int Length(ReadOnlySpan<byte> rest)
    {
        var length = rest.Length < LengthBytes ? -1 : BinaryPrimitives.ReadInt32LittleEndian(rest);
        return length is < 0 or > int.MaxValue / 2 ? int.MinValue / 2 : length;
    }
}
