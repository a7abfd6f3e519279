using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// The two clean-up tasks that a system worker of Eventix 4.3 posts into a namespace of its own. The round of maintenance is what they ask for,
/// so whoever does it answers them: no worker need look after that namespace, and they do not pile up.
/// </summary>
internal sealed class LegacyCleanUps(ITaskClaims claims, ITaskWriteBacks writeBacks)
{
    public const string Namespace = "eventix_system";

    // Two unique keys, so there are two of them at most.
    private static readonly TaskClaim Claim = new(
        Namespace,
        WorkerId: "maintenance",
        Limit: 10,
        Lease: TimeSpan.FromMinutes(5),
        TaskNames: [DeleteExpiredTasks.TaskName, ReleaseLostLeases.TaskName]
    );

    /// <summary>Takes those that wait, to be answered after the round that begins now.</summary>
    public Task<IReadOnlyList<EventixTask>> TakeAsync() => claims.ClaimAsync(Claim);

    public Task AnswerAsync(IReadOnlyList<EventixTask> taken, CancellationToken cancellationToken) =>
        writeBacks.WriteBackAsync([.. taken.Select(task => new TaskWriteBack(task, task.Succeed(result: null)))], cancellationToken);
}
