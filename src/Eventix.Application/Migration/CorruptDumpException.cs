namespace Eventix.Application.Migration;

/// <summary>A dump file that cannot be read to its end. Every document before <see cref="Offset"/> has been dealt with.</summary>
public sealed class CorruptDumpException(long offset, string what)
    : Exception($"The dump is damaged at byte {offset}: {what}. What stands before it has been imported.")
{
    /// <summary>Where the document begins that cannot be read, in bytes from the start of the file.</summary>
    public long Offset { get; } = offset;
}
