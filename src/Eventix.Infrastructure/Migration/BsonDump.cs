using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration;

/// <summary>A mongodump `.bson` file: one BSON document after another, nothing between them.</summary>
internal static class BsonDump
{
    // The length itself and the closing zero.
    private const int SmallestDocument = 5;

    // MongoDB allows 16 MB and a little of its own; three times that is surely not a length.
    private const int LargestDocument = 48 * 1024 * 1024;

    /// <summary>Reads the documents one by one, from any stream: it need not seek, so a pipe or a decompressing stream will do.</summary>
    /// <exception cref="CorruptDumpException">The file ends within a document, or what stands there is none.</exception>
    public static async IAsyncEnumerable<byte[]> ReadAsync(Stream dump, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var length = new byte[sizeof(int)];
        for (long offset = 0; ; )
        {
            var read = await dump.ReadAtLeastAsync(length, length.Length, throwOnEndOfStream: false, cancellationToken);
            if (read == 0)
                yield break;

            if (read < length.Length)
                throw new CorruptDumpException(offset, $"the file ends after {read} of the 4 bytes of a document's length");

            var size = BinaryPrimitives.ReadInt32LittleEndian(length);
            if (size is < SmallestDocument or > LargestDocument)
                throw new CorruptDumpException(
                    offset,
                    $"a document of {size} bytes is announced, which cannot be ({SmallestDocument} to {LargestDocument})"
                );

            var document = new byte[size];
            length.CopyTo(document, 0);
            read = await dump.ReadAtLeastAsync(
                document.AsMemory(sizeof(int)),
                size - sizeof(int),
                throwOnEndOfStream: false,
                cancellationToken
            );
            if (read < size - sizeof(int))
                throw new CorruptDumpException(offset, $"the file ends after {read + sizeof(int)} of the {size} bytes of a document");

            if (document[^1] != 0)
                throw new CorruptDumpException(offset, $"the document of {size} bytes does not end in a zero byte");

            yield return document;
            offset += size;
        }
    }
}
