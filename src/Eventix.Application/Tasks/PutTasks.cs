using Eventix.Application.Messaging;

namespace Eventix.Application.Tasks;

/// <summary>
/// Writes many tasks back, each as <see cref="PutTask"/> would have, and answers one by one in the order given. A task that was written before
/// with the same content under the same revision, and by nobody since, is answered as it was then: so a worker whose connection broke may
/// send its batch again.
/// </summary>
public sealed record PutTasks(IReadOnlyList<NewTask> Tasks) : ICommand<IReadOnlyList<TaskAnswer>>;
