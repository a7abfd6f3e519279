using System.Runtime.CompilerServices;
using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>The `task.bson` of mongodump, plain or packed. A position is the number of bytes, unpacked, up to the end of a document.</summary>
internal sealed class BsonFileSource(string path) : LegacySource
{
    private SourceFile? _file;

    public override string Name => path;

    public override string Version => SourceFile.VersionOf(path);

    public override double? Progress => _file?.Progress;

    public override async IAsyncEnumerable<LegacyDocument> ReadAsync(
        string? after,
        DateTimeOffset? since,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var offset = after is null ? 0 : long.Parse(after);
        await using var file = await OpenAsync(offset, cancellationToken);
        _file = file;

        await foreach (var document in BsonDump.ReadAsync(file.Content, offset, cancellationToken))
            yield return document;

        _file = null;
    }

    private async Task<SourceFile> OpenAsync(long offset, CancellationToken cancellationToken)
    {
        try
        {
            return await SourceFile.OpenAsync(path, offset, cancellationToken);
        }
        catch (InvalidDataException broken)
        {
            throw new CorruptDumpException(0, broken.Message.TrimEnd('.'));
        }
    }
}
