using Eventix.Application.Messaging;
using Eventix.Domain.Tasks;
using FluentValidation;

namespace Eventix.Application.Tasks;

/// <summary>
/// The heartbeat of a worker: its leases end <paramref name="Lease"/> from now, for each task that it still holds. Revisions stay as they are.
/// Answers in the order given.
/// </summary>
/// <param name="Tasks">What the worker runs, each with the revision of its claim.</param>
public sealed record ExtendLeases(IReadOnlyList<HeldTask> Tasks, TimeSpan Lease) : ICommand<IReadOnlyList<LeaseAnswer>>
{
    /// <summary>The most tasks of one heartbeat.</summary>
    public const int MostTasks = 10_000;
}

/// <param name="Revision">As the claim answered it.</param>
public sealed record HeldTask(string Uid, string Revision);

/// <param name="WorkerExpires">When the lease ends now; null when it was lost.</param>
public sealed record LeaseAnswer(LeaseState State, DateTimeOffset? WorkerExpires);

public enum LeaseState
{
    /// <summary>The worker holds it for longer.</summary>
    Extended,

    /// <summary>The worker holds it for longer, and somebody asked for its end: whatever outcome the worker writes back counts.</summary>
    Cancelled,

    /// <summary>It is not the worker's any more: somebody else wrote it, or it is gone. Nothing was changed.</summary>
    Lost,
}

internal sealed class ExtendLeasesValidator : AbstractValidator<ExtendLeases>
{
    public ExtendLeasesValidator() =>
        RuleForEach(command => command.Tasks)
            .ChildRules(task =>
            {
                task.RuleFor(held => held.Uid).Storable(EventixTask.MaxKeyBytes);
                task.RuleFor(held => held.Revision).Storable(int.MaxValue);
            });
}
