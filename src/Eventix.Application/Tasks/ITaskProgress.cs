using System.Data.Common;
using System.Text;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Tasks;

/// <summary>Keeps what running tasks say about how far they are.</summary>
public interface ITaskProgress
{
    /// <summary>
    /// Stores a report in place of the one before it. The revision stays as it is, so whoever holds the claim can still write back. False when
    /// the task is not held under that claim any more: nothing was changed.
    /// </summary>
    /// <exception cref="DbException">The database cannot be reached.</exception>
    Task<bool> WriteAsync(EventixTask claimed, ProgressReport report, CancellationToken cancellationToken);
}

/// <summary>How far a run is.</summary>
public sealed record ProgressReport
{
    /// <summary>The longest message that is kept, in UTF-16 characters; a longer one is cut.</summary>
    public const int MaxMessageLength = 500;

    /// <param name="percent">0 to 100.</param>
    /// <param name="message">Null for none. What PostgreSQL's text cannot hold (NUL, half a surrogate pair) is replaced.</param>
    /// <exception cref="ArgumentOutOfRangeException">The percentage is none.</exception>
    public ProgressReport(int percent, string? message)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);

        Percent = (short)percent;
        Message = message is null ? null : Storable(message);
    }

    public short Percent { get; }

    public string? Message { get; }

    private static string Storable(string message)
    {
        var cut = message.Length <= MaxMessageLength ? message : $"{message.AsSpan(0, MaxMessageLength - 1)}…";

        // There and back: what is no character, such as a pair that was cut through, comes out as U+FFFD.
        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(cut)).Replace('\0', '\uFFFD');
    }
}
