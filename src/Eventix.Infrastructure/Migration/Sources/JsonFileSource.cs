using System.Runtime.CompilerServices;
using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>
/// A file of JSON objects, as lines or as an array, plain or packed: of mongoexport, of the Python CLI, or the report of an earlier import. A
/// position is the number of bytes, unpacked, up to the end of an object.
/// </summary>
internal sealed class JsonFileSource(string path) : LegacySource
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
        await using var file = await SourceFile.OpenAsync(path, offset, cancellationToken);
        _file = file;

        await foreach (var (json, end) in JsonValues.ReadAsync(file.Content, offset, cancellationToken))
            yield return JsonDocuments.Read(json, new LegacyPosition(end));

        _file = null;
    }
}
