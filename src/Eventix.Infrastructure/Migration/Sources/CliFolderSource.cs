using System.Runtime.CompilerServices;
using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>The folder of a dump of the Python CLI: a `.json` file for each task, read in the order of their names. A position is a name.</summary>
internal sealed class CliFolderSource(string path) : LegacySource
{
    private int _read;
    private int _files;

    public override string Name => path;

    public override string Version => $"{Files(path).Count} files";

    public override double? Progress => _files == 0 ? null : (double)_read / _files;

    public static IReadOnlyList<string> Files(string folder) =>
        [
            .. Directory
                .EnumerateFiles(folder, "*.json")
                .Where(file => !file.EndsWith(".metadata.json", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];

    public override async IAsyncEnumerable<LegacyDocument> ReadAsync(
        string? after,
        DateTimeOffset? since,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var files = Files(path);
        (_read, _files) = (0, files.Count);
        foreach (var file in files)
        {
            _read++;
            var name = Path.GetFileName(file);
            if (after is not null && string.CompareOrdinal(name, after) <= 0)
                continue;

            yield return JsonDocuments.Read(await ReadFileAsync(file, cancellationToken), new LegacyPosition(0, name));
        }
    }

    private static async Task<byte[]> ReadFileAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllBytesAsync(file, cancellationToken);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"{file} cannot be read: {unreadable.Message}", isTransient: true, unreadable);
        }
    }
}
