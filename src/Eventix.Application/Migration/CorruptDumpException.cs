namespace Eventix.Application.Migration;

/// <summary>A dump file that cannot be read to its end. Every document before <see cref="Offset"/> has been dealt with.</summary>
/// <param name="offset">Where the document begins that cannot be read, in bytes from the start of the file.</param>
/// <param name="what">What is wrong there.</param>
/// <param name="length">Of the file, in bytes; null when nobody knows.</param>
public sealed class CorruptDumpException(long offset, string what, long? length = null)
    : Exception(
        $"The dump is damaged at byte {offset}: {what}. What stands before it has been dealt with; "
            + (length is { } bytes ? $"the {bytes - offset} bytes from there on were not." : "the rest was not.")
    )
{
    public long Offset { get; } = offset;
}
