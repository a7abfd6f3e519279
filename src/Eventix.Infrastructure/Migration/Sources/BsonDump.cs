using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>A mongodump `.bson` file: one BSON document after another, nothing between them.</summary>
internal static class BsonDump
{
    // The length itself and the closing zero.
    private const int SmallestDocument = 5;

    // MongoDB allows 16 MB and a little of its own; three times that is surely not a length.
    private const int LargestDocument = 48 * 1024 * 1024;

    private const int FirstType = 0x01;
    private const int LastType = 0x13;

    /// <summary>Whether these first bytes of a file can be the begin of a document.</summary>
    public static bool IsBegin(ReadOnlySpan<byte> head) =>
        head.Length >= SmallestDocument
        && BinaryPrimitives.ReadInt32LittleEndian(head) is >= SmallestDocument and <= LargestDocument
        && head[4] is 0 or (>= FirstType and <= LastType) or 0x7f or 0xff;

    /// <summary>Reads the documents one by one, from any stream: it need not seek, so a pipe or a decompressing stream will do.</summary>
    /// <param name="dump">Stands at the begin of a document.</param>
    /// <param name="offset">Where that is in the file, for positions and messages.</param>
    /// <exception cref="CorruptDumpException">The file ends within a document, or what stands there is none.</exception>
    public static async IAsyncEnumerable<LegacyDocument> ReadAsync(
        Stream dump,
        long offset,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var length = new byte[sizeof(int)];
        while (true)
        {
            var read = await FillAsync(dump, length, offset, cancellationToken);
            if (read == 0)
                yield break;

            if (read < length.Length)
                throw new CorruptDumpException(offset, $"the file ends after {read} of the 4 bytes of a document's length", LengthOf(dump));

            var size = BinaryPrimitives.ReadInt32LittleEndian(length);
            if (size is < SmallestDocument or > LargestDocument)
                throw new CorruptDumpException(
                    offset,
                    $"a document of {size} bytes is announced, which cannot be ({SmallestDocument} to {LargestDocument})",
                    LengthOf(dump)
                );

            var document = new byte[size];
            length.CopyTo(document, 0);
            read = await FillAsync(dump, document.AsMemory(sizeof(int)), offset, cancellationToken);
            if (read < size - sizeof(int))
                throw new CorruptDumpException(
                    offset,
                    $"the file ends after {read + sizeof(int)} of the {size} bytes of a document",
                    LengthOf(dump)
                );

            if (document[^1] != 0)
                throw new CorruptDumpException(offset, $"the document of {size} bytes does not end in a zero byte", LengthOf(dump));

            offset += size;
            yield return new LegacyDocument(document, new LegacyPosition(offset));
        }
    }

    private static long? LengthOf(Stream dump) => dump.CanSeek ? dump.Length : null;

    private static async Task<int> FillAsync(Stream dump, Memory<byte> buffer, long offset, CancellationToken cancellationToken)
    {
        try
        {
            return await dump.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        }
        catch (InvalidDataException broken)
        {
            throw new CorruptDumpException(offset, $"{broken.Message.TrimEnd('.')}");
        }
    }
}
