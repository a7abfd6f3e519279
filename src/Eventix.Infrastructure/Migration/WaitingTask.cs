using System.Text;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// A waiting task with a unique key, as far as merging goes. The old server could hold several of one key, here there is one: what is left is
/// the same in whatever order they come.
/// </summary>
/// <param name="ArgumentsFrom">The task that args and kwargs came from, when others have been merged into this one.</param>
/// <param name="ArgumentsOriginal">What their JSON does not give back: see <see cref="OriginalValues"/>.</param>
internal sealed record WaitingTask(
    TaskAge Age,
    DateTimeOffset Eta,
    int Priority,
    EventixTaskStatus Status,
    ReadOnlyMemory<byte> Args,
    ReadOnlyMemory<byte> Kwargs,
    TaskAge ArgumentsFrom,
    byte[]? ArgumentsOriginal = null
)
{
    public string Uid => Age.Uid;

    /// <summary>
    /// The older one stays, with the newer one's args and kwargs, the earlier eta and the smaller priority; it is `scheduled` when either was.
    /// </summary>
    public WaitingTask MergedWith(WaitingTask other)
    {
        var newer = ArgumentsFrom.IsOlderThan(other.ArgumentsFrom) ? other : this;

        return new WaitingTask(
            Age.IsOlderThan(other.Age) ? Age : other.Age,
            Eta < other.Eta ? Eta : other.Eta,
            Math.Min(Priority, other.Priority),
            Status == other.Status ? Status : EventixTaskStatus.Scheduled,
            newer.Args,
            newer.Kwargs,
            newer.ArgumentsFrom,
            newer.ArgumentsOriginal
        );
    }
}

/// <summary>When a task was made. Of two that were made at one time, the uid decides, in the order of code points as in the database.</summary>
internal readonly record struct TaskAge(DateTimeOffset CreatedAt, string Uid)
{
    public bool IsOlderThan(TaskAge other) =>
        CreatedAt != other.CreatedAt
            ? CreatedAt < other.CreatedAt
            : Encoding.UTF8.GetBytes(Uid).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(other.Uid)) < 0;
}
