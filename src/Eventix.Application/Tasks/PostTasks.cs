using Eventix.Application.Messaging;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Tasks;

/// <summary>
/// Posts many tasks, each as <see cref="PostTask"/> would have, in the order given, a thousand in one transaction. Answers one by one, in that
/// order: what is wrong with one does not touch its neighbours.
/// </summary>
public sealed record PostTasks(IReadOnlyList<NewTask> Tasks) : ICommand<IReadOnlyList<TaskAnswer>>;

/// <summary>What became of one task of many.</summary>
/// <param name="Task">What is stored; null when it was refused.</param>
/// <param name="Refusal">What a message for this task alone would have thrown; null when it was not refused.</param>
public sealed record TaskAnswer(EventixTask? Task, Exception? Refusal)
{
    /// <summary>The most tasks of one batch.</summary>
    public const int MostTasks = 10_000;

    public static TaskAnswer Of(EventixTask task) => new(task, Refusal: null);

    public static TaskAnswer Refused(Exception refusal) => new(Task: null, refusal);
}
