using Eventix.Domain.Tasks;

namespace Eventix.Application.Tasks;

/// <summary>Hands due tasks out. No two callers hold the same task at the same time.</summary>
public interface ITaskClaims
{
    /// <summary>
    /// Leases up to `Limit` due tasks, in the order priority, eta, id; an empty list when none is due. Every claim raises the revision, which
    /// is the fencing token of what is written back. It cannot be broken off: nobody would run what was leased by then.
    /// </summary>
    Task<IReadOnlyList<EventixTask>> ClaimAsync(TaskClaim claim);

    /// <summary>The same for several at once, each answered in their order: the first of them gets the first tasks.</summary>
    /// <param name="claims">At least one, all of one namespace and for the same task names.</param>
    Task<IReadOnlyList<EventixTask>[]> ClaimAsync(IReadOnlyList<TaskClaim> claims);

    /// <summary>The same for one worker from several namespaces at once, each answered in their order.</summary>
    Task<IReadOnlyList<EventixTask>[]> ClaimAsync(NamespacesClaim claim);

    /// <summary>
    /// Answers the tasks that the worker still holds under the claim's name, with their leases begun anew. When it holds none, leases up to
    /// `Limit` due tasks of the namespaces, in their order. However many callers say the same name at once, the tasks are leased once.
    /// </summary>
    Task<IReadOnlyList<EventixTask>> ClaimOnceAsync(ClaimRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Extends the leases of those of <paramref name="uids"/> that <paramref name="workerId"/> holds, without touching revisions. Returns what it
    /// still holds: what is missing was lost. Never waits for somebody who is writing one of the tasks right now.
    /// </summary>
    Task<IReadOnlyList<HeldLease>> ExtendLeasesAsync(
        string workerId,
        IReadOnlyCollection<string> uids,
        TimeSpan lease,
        CancellationToken cancellationToken
    );
}

/// <param name="WorkerId">Who claims. A host that extends its leases needs an id of its own.</param>
/// <param name="Limit">At least 1.</param>
/// <param name="TaskNames">Only tasks of these names; null for all.</param>
public sealed record TaskClaim(string Namespace, string WorkerId, int Limit, TimeSpan Lease, IReadOnlyList<string>? TaskNames = null);

/// <param name="Namespaces">At least one, none twice. Those in front come first where <paramref name="Limit"/> is less than theirs together.</param>
/// <param name="WorkerId">Who claims. A host that extends its leases needs an id of its own.</param>
/// <param name="Limit">Of all of them together; at least 1.</param>
/// <param name="TaskNames">Only tasks of these names; null for all.</param>
public sealed record NamespacesClaim(
    IReadOnlyList<NamespaceLimit> Namespaces,
    string WorkerId,
    int Limit,
    TimeSpan Lease,
    IReadOnlyList<string>? TaskNames = null
);

/// <param name="Limit">How many tasks of it at most; at least 1.</param>
public readonly record struct NamespaceLimit(string Namespace, int Limit);

/// <summary>What a client asks for.</summary>
/// <param name="Namespaces">At least one, none twice; the tasks of the first one come first.</param>
/// <param name="Limit">At least 1.</param>
/// <param name="TaskNames">Only tasks of these names; null for all.</param>
/// <param name="ClaimId">A name for this claim; null for none.</param>
public sealed record ClaimRequest(
    string WorkerId,
    IReadOnlyList<string> Namespaces,
    int Limit,
    TimeSpan Lease,
    IReadOnlyList<string>? TaskNames = null,
    string? ClaimId = null
);

/// <summary>A lease that a worker still holds.</summary>
/// <param name="IsExtended">False for a task that is being written right now, by this worker or an operator: its lease ends when it did before.</param>
/// <param name="IsCancelled">Somebody asked for the task's end.</param>
public sealed record HeldLease(string Uid, Revision Revision, bool IsExtended, bool IsCancelled);
