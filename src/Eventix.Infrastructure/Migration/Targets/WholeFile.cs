using System.IO.Compression;
using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration.Targets;

/// <summary>A file that appears when it is whole: it is written under another name beside its place, and renamed.</summary>
internal sealed class WholeFile : IAsyncDisposable
{
    private const int BufferBytes = 1 << 20;

    private readonly string _path;
    private readonly string _partial;
    private readonly bool _replace;
    private readonly FileStream _file;
    private bool _isOpen = true;

    private WholeFile(string path, bool gzip, bool replace)
    {
        _path = path;
        _partial = $"{path}.{Guid.NewGuid().ToString("n")[..8]}.partial";
        _replace = replace;
        _file = new FileStream(_partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes, useAsync: true);
        Content = gzip ? new GZipStream(_file, CompressionLevel.Fastest, leaveOpen: true) : _file;
    }

    public Stream Content { get; }

    /// <summary>Begins a file, in a folder that is made if it is missing.</summary>
    /// <exception cref="TargetException">It exists, and is not to be replaced; or its place is a folder, or cannot be written to.</exception>
    public static WholeFile Create(string path, bool gzip, bool replace)
    {
        if (Directory.Exists(path))
            throw new TargetException($"{path} is a folder: name a file.");

        if (File.Exists(path) && !replace)
            throw new TargetException($"{path} exists already: name another place, or give --replace to overwrite it.");

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new WholeFile(path, gzip, replace);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new TargetException($"{path} cannot be written: {refused.Message}", innerException: refused);
        }
    }

    /// <summary>Brings everything to the disk and gives the file its name.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (Content != _file)
            await Content.DisposeAsync();

        await _file.FlushAsync(cancellationToken);
        _file.Flush(flushToDisk: true);
        await _file.DisposeAsync();
        File.Move(_partial, _path, _replace);
        _isOpen = false;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isOpen)
            return;

        _isOpen = false;
        if (Content != _file)
            await Content.DisposeAsync();
        await _file.DisposeAsync();
        File.Delete(_partial);
    }
}
