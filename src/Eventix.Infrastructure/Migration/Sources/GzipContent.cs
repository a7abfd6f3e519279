using System.IO.Compression;

namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>
/// Unpacks gzip, and throws where the file was cut off. The library's own stream ends there without a word, and what is missing would never be
/// missed. So a known member is put behind the file: only behind a whole one it is unpacked.
/// </summary>
internal sealed class GzipContent : ReadingStream
{
    private static readonly byte[] Mark = [.. Enumerable.Repeat((byte)'.', 64)];
    private static readonly byte[] PackedMark = Pack(Mark);

    private readonly Marked _packed;
    private readonly GZipStream _unpacked;
    private bool _isAtEnd;

    /// <param name="packed">Stands at its begin.</param>
    public GzipContent(Stream packed)
    {
        _packed = new Marked(packed);
        _unpacked = new GZipStream(_packed, CompressionMode.Decompress);
    }

    /// <exception cref="InvalidDataException">The file is damaged, or was cut off.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = _isAtEnd ? 0 : await UnpackAsync(buffer, cancellationToken);
        if (_isAtEnd || !_packed.IsAtEnd)
            return read;

        // More is asked for only when nothing is left of what was there: this is the mark, or what a cut makes of it.
        var rest = new byte[Mark.Length + 1];
        buffer.Span[..Math.Min(read, rest.Length)].CopyTo(rest);
        for (int more; read < rest.Length && (more = await UnpackAsync(rest.AsMemory(read), cancellationToken)) > 0; )
            read += more;

        _isAtEnd = read == Mark.Length && rest.AsSpan(0, read).SequenceEqual(Mark);
        return _isAtEnd ? 0 : throw new InvalidDataException("the packed file ends too early, or something else stands behind it.");
    }

    public override async ValueTask DisposeAsync()
    {
        await _unpacked.DisposeAsync();
        await base.DisposeAsync();
    }

    private async ValueTask<int> UnpackAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await _unpacked.ReadAsync(buffer, cancellationToken);
        }
        catch (InvalidDataException damage)
        {
            // Whatever is wrong, the library calls it an unsupported method.
            throw new InvalidDataException("the packed file is damaged, or ends too early.", damage);
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

        /// <summary>Whether the stream was read to its end.</summary>
        public bool IsAtEnd { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await packed.ReadAsync(buffer, cancellationToken);
            if (read > 0 || buffer.IsEmpty)
                return read;

            IsAtEnd = true;
            var rest = PackedMark.AsMemory(_marked);
            rest = rest[..Math.Min(rest.Length, buffer.Length)];
            rest.CopyTo(buffer);
            _marked += rest.Length;
            return rest.Length;
        }
    }
}
