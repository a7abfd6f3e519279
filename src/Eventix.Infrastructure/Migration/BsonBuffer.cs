using System.Buffers.Binary;
using System.Text;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Migration;

/// <summary>BSON that is being written, element by element. Lengths are filled in when a document ends.</summary>
internal sealed class BsonBuffer
{
    private byte[] _bytes = new byte[1024];
    private int _length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    /// <summary>Begins an element. Returns where its type stands, for <see cref="SetType"/>.</summary>
    /// <exception cref="FormatException">The name has a NUL, which BSON cannot hold.</exception>
    public int Name(string name)
    {
        if (name.Contains('\0', StringComparison.Ordinal))
            throw new FormatException("A key has a NUL character, which BSON cannot hold.");

        var type = _length;
        Grow(1)[0] = 0;
        Text(name);
        Grow(1)[0] = 0;
        return type;
    }

    public void SetType(int at, BsonType type) => _bytes[at] = unchecked((byte)type);

    /// <summary>Begins a document or an array. Returns where, for <see cref="End"/>.</summary>
    public int Begin()
    {
        Grow(sizeof(int));
        return _length - sizeof(int);
    }

    public void End(int begin)
    {
        Grow(1)[0] = 0;
        SetLength(begin);
    }

    /// <summary>Fills in the length of what began there, which has no closing zero.</summary>
    public void SetLength(int begin) => BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(begin), _length - begin);

    public void Int32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Grow(sizeof(int)), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Grow(sizeof(long)), value);

    public void Double(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Grow(sizeof(double)), value);

    public void Byte(byte value) => Grow(1)[0] = value;

    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Grow(bytes.Length));

    /// <summary>Text with its length before it, which may hold NUL.</summary>
    public void String(string text)
    {
        var at = Begin();
        Text(text);
        Grow(1)[0] = 0;
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(at), _length - at - sizeof(int));
    }

    /// <exception cref="FormatException">It has a NUL.</exception>
    public void CString(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            throw new FormatException("A regular expression has a NUL character, which BSON cannot hold.");

        Text(text);
        Grow(1)[0] = 0;
    }

    /// <summary>Takes back what was written since.</summary>
    public void CutTo(int length) => _length = length;

    public int Length => _length;

    private void Text(string text)
    {
        var span = Grow(Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, span);
    }

    private Span<byte> Grow(int by)
    {
        var needed = checked(_length + by);
        if (needed > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(needed, checked(_bytes.Length * 2)));

        var span = _bytes.AsSpan(_length, by);
        _length = needed;
        return span;
    }
}
