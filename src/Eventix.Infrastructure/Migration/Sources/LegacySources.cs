using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>Opens whatever `--from` names. Files are recognised by what is in them, not by their names.</summary>
internal static class LegacySources
{
    private const int HeadLength = 64;

    private static readonly string[] DumpNames = ["task.bson", "task.bson.gz"];
    private static readonly byte[] ArchiveMagic = [0x6d, 0xe2, 0x99, 0x81];

    /// <param name="from">
    /// `mongodb://…` or `mongodb+srv://…`; a `.bson` file or the folder that mongodump made; a file of mongoexport; the folder of a dump of the
    /// Python CLI; the report of an earlier import. Files may be packed by gzip.
    /// </param>
    /// <param name="cancellationToken">Ends the looking.</param>
    /// <exception cref="SourceException">There is nothing that can be read.</exception>
    public static async Task<LegacySource> OpenAsync(string from, CancellationToken cancellationToken)
    {
        if (MongoSource.IsUri(from))
            return MongoSource.Open(from);

        try
        {
            var path = Path.GetFullPath(from);
            if (Directory.Exists(path))
                return await OpenFolderAsync(path, cancellationToken);

            return File.Exists(path)
                ? await OpenFileAsync(path, cancellationToken)
                : throw new SourceException($"{path} does not exist: name a dump, a folder with one, or a mongodb:// address.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new SourceException($"{from} cannot be read: {unreadable.Message}", innerException: unreadable);
        }
    }

    private static async Task<LegacySource> OpenFolderAsync(string path, CancellationToken cancellationToken)
    {
        if (DumpIn(path) is { } own)
            return await OpenFileAsync(own, cancellationToken);

        var dumps = Directory.EnumerateDirectories(path).Order(StringComparer.Ordinal).Select(DumpIn).OfType<string>().ToList();
        if (dumps.Count == 1)
            return await OpenFileAsync(dumps[0], cancellationToken);
        if (dumps.Count > 1)
            throw new SourceException($"{path} has the dumps of several databases: name one of {string.Join(", ", dumps)}.");

        return CliFolderSource.Files(path).Count > 0
            ? new CliFolderSource(path)
            : throw new SourceException(
                $"{path} has no dump: neither task.bson or task.bson.gz, in it or in a folder of it, nor .json files of the Python CLI."
            );
    }

    private static string? DumpIn(string folder) => DumpNames.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static async Task<LegacySource> OpenFileAsync(string path, CancellationToken cancellationToken)
    {
        var head = await SourceFile.HeadAsync(path, HeadLength, cancellationToken);
        if (head.AsSpan().StartsWith(ArchiveMagic))
            throw new SourceException(Archive(path));

        // mongodump writes nothing at all of a collection without documents.
        if (BsonDump.IsBegin(head) || head.Length == 0)
            return new BsonFileSource(path);

        var text = head.AsSpan().TrimStart(" \t\r\n\uFEFF"u8);
        if (text.IsEmpty || text[0] is (byte)'{' or (byte)'[')
            return new JsonFileSource(path);

        throw new SourceException(
            $"{path} is neither BSON as mongodump writes it nor JSON as mongoexport writes it (in UTF-8), nor either of them packed by gzip."
        );
    }

    private static string Archive(string path) =>
        $"{path} is an archive of mongodump --archive, which cannot be read. Unpack it with a scratch server: "
        + $"mongorestore --archive={path}{(IsPacked(path) ? " --gzip" : "")} --uri=mongodb://127.0.0.1:27017 && "
        + "mongodump --uri=mongodb://127.0.0.1:27017 --out=dump; then --from dump.";

    private static bool IsPacked(string path)
    {
        using var file = File.OpenRead(path);
        return file.ReadByte() == 0x1f;
    }
}
