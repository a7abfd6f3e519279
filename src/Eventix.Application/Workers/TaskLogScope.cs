using System.Collections;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Workers;

/// <summary>What every line that is logged during a run says of its task. Never its arguments: they may hold anything.</summary>
internal sealed class TaskLogScope(EventixTask task) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => 4;

    public KeyValuePair<string, object?> this[int index] =>
        index switch
        {
            0 => new(nameof(EventixTask.Uid), task.Uid),
            1 => new(nameof(EventixTask.Task), task.Task),
            2 => new(nameof(EventixTask.Namespace), task.Namespace),
            3 => new(nameof(EventixTask.Attempt), task.Attempt),
            _ => throw new ArgumentOutOfRangeException(nameof(index), index, "There are four."),
        };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (var index = 0; index < Count; index++)
            yield return this[index];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"{task.Task} {task.Uid}";
}
