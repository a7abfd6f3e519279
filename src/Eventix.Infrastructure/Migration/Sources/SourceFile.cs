namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>A file of a source, plain or packed by gzip, whatever it is called.</summary>
internal sealed class SourceFile : IAsyncDisposable
{
    private readonly FileStream _file;

    private SourceFile(FileStream file, Stream content)
    {
        _file = file;
        Content = content;
    }

    /// <summary>Unpacked.</summary>
    public Stream Content { get; }

    /// <summary>How much of the file was read, packed or not; null when it is closed.</summary>
    public double? Progress =>
        !_file.CanRead ? null
        : _file.Length == 0 ? 1
        : (double)_file.Position / _file.Length;

    /// <param name="path">The file.</param>
    /// <param name="offset">Of the unpacked content, where to begin.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is packed and damaged, or cut off, before the offset.</exception>
    public static async Task<SourceFile> OpenAsync(string path, long offset, CancellationToken cancellationToken)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 20, useAsync: true);
        try
        {
            var magic = new byte[2];
            var isPacked =
                await file.ReadAtLeastAsync(magic, 2, throwOnEndOfStream: false, cancellationToken) == 2 && magic is [0x1f, 0x8b];
            file.Position = isPacked ? 0 : offset;
            if (!isPacked)
                return new SourceFile(file, file);

            var content = new BufferedStream(new GzipContent(file), 1 << 18);
            await SkipAsync(content, offset, cancellationToken);
            return new SourceFile(file, content);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>The first bytes of the unpacked content; fewer when it is shorter.</summary>
    public static async Task<byte[]> HeadAsync(string path, int length, CancellationToken cancellationToken)
    {
        await using var file = await OpenAsync(path, offset: 0, cancellationToken);
        var head = new byte[length];
        var read = await file.Content.ReadAtLeastAsync(head, length, throwOnEndOfStream: false, cancellationToken);

        return head[..read];
    }

    /// <summary>Another text after the file was replaced.</summary>
    public static string VersionOf(string path) => $"{new FileInfo(path).Length} {File.GetLastWriteTimeUtc(path).Ticks}";

    public async ValueTask DisposeAsync()
    {
        await Content.DisposeAsync();
        await _file.DisposeAsync();
    }

    private static async Task SkipAsync(Stream content, long length, CancellationToken cancellationToken)
    {
        var waste = new byte[1 << 16];
        while (length > 0)
        {
            var read = await content.ReadAsync(waste.AsMemory(0, (int)Math.Min(waste.Length, length)), cancellationToken);
            if (read == 0)
                return;

            length -= read;
        }
    }
}
