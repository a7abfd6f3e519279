using System.IO.Compression;

namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>
/// Unpacks gzip, and throws where the file was cut off. The library's own stream ends there without a word, and what is missing would never be
/// missed. So a known member is put behind the file: only behind a whole one it is unpacked.
/// </summary>
internal sealed class GzipContent : ReadingStream
{
    private const int BufferSize = 1 << 18;

    private static readonly byte[] Mark = [.. Enumerable.Repeat((byte)'.', 64)];
    private static readonly byte[] PackedMark = Pack(Mark);

    private readonly GZipStream _unpacked;
    private readonly byte[] _buffer = new byte[BufferSize];
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <param name="packed">Stands at its begin.</param>
    public GzipContent(Stream packed) => _unpacked = new GZipStream(new Marked(packed), CompressionMode.Decompress);

    /// <exception cref="InvalidDataException">The file is damaged, or was cut off.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_end - _start <= Mark.Length && !_isAtEnd)
            await FillAsync(cancellationToken);

        // The last bytes so far may be the mark.
        var count = Math.Min(buffer.Length, _end - _start - (_isAtEnd ? 0 : Mark.Length));
        _buffer.AsMemory(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        await _unpacked.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        _buffer.AsSpan(_start.._end).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        var read = await UnpackAsync(cancellationToken);
        _end += read;
        if (read > 0)
            return;

        _isAtEnd = true;
        if (!_buffer.AsSpan(0, _end).EndsWith(Mark))
            throw new InvalidDataException("the packed file ends too early, or something else stands behind it.");

        _end -= Mark.Length;
    }

    private async ValueTask<int> UnpackAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _unpacked.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        }
        catch (InvalidDataException damage)
        {
            // Whatever is wrong, the library calls it an unsupported method.
            throw new InvalidDataException("the packed file is damaged.", damage);
        }
    }

    private static byte[] Pack(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
            gzip.Write(content);

        return packed.ToArray();
    }

    /// <summary>A stream with the packed mark behind it.</summary>
    private sealed class Marked(Stream packed) : ReadingStream
    {
        private int _marked;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await packed.ReadAsync(buffer, cancellationToken);
            if (read > 0 || buffer.IsEmpty)
                return read;

            var rest = PackedMark.AsMemory(_marked);
            rest = rest[..Math.Min(rest.Length, buffer.Length)];
            rest.CopyTo(buffer);
            _marked += rest.Length;
            return rest.Length;
        }
    }
}
