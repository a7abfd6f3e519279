using Eventix.Application.Migration;

namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>
/// Where documents of the old server's `task` collection come from, in a fixed order and one by one, whatever the format. For import and
/// verification. <see cref="LegacySources.OpenAsync"/> opens one.
/// </summary>
internal abstract class LegacySource : IAsyncDisposable
{
    /// <summary>What is read, for messages and as its name in the checkpoint. Holds no password.</summary>
    public abstract string Name { get; }

    /// <summary>Differs when the source of this name is another one than before, so that a position in the old one means nothing in it.</summary>
    public virtual string Version => "";

    /// <summary>How much has been read, from 0 to 1; null when nobody knows.</summary>
    public virtual double? Progress => null;

    /// <summary>Whether <see cref="FindAsync"/> answers: the source is alive and may have changed since it was read.</summary>
    public virtual bool CanFind => false;

    /// <summary>Reads the documents one by one.</summary>
    /// <param name="after">Goes on behind the document of this <see cref="LegacyDocument.Position"/>; null for all.</param>
    /// <param name="since">
    /// Documents that were surely written before this time may be left out. It only saves work: what comes may be older all the same.
    /// </param>
    /// <exception cref="CorruptDumpException">It cannot be read to its end; every document before was given.</exception>
    /// <exception cref="SourceException">It cannot be read at all, or no longer.</exception>
    public abstract IAsyncEnumerable<LegacyDocument> ReadAsync(string? after, DateTimeOffset? since, CancellationToken cancellationToken);

    /// <summary>The documents as they are now, by `_id`, without those that are gone.</summary>
    /// <exception cref="NotSupportedException">The source is a file: <see cref="CanFind"/> is false.</exception>
    /// <exception cref="SourceException">It cannot be read any longer.</exception>
    public virtual Task<IReadOnlyDictionary<string, byte[]>> FindAsync(
        IReadOnlyCollection<string> uids,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException($"{Name} cannot be searched.");

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return default;
    }
}

/// <summary>One document as it stood in the source.</summary>
/// <param name="Bson">The document with `_id` and `_rev`, whatever the format of the source; with a fault, the text that stands there.</param>
/// <param name="Position">Where it ends: reading goes on behind it with this.</param>
/// <param name="Fault">Why it is no document; null for nearly all.</param>
internal readonly record struct LegacyDocument(byte[] Bson, LegacyPosition Position, string? Fault = null);

/// <summary>A place in a source: an offset in a file, or else the name of what was read last.</summary>
internal readonly record struct LegacyPosition(long Offset, string? Text = null)
{
    public override string ToString() => Text ?? Offset.ToString();
}
