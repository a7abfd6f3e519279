using Eventix.Application.Tasks;
using Eventix.Infrastructure.Tasks;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Infrastructure.Tests.Workers;

/// <summary>The claims of a host, counted, which a test may break off, and the heartbeats too.</summary>
internal sealed class CountedClaims : ITaskClaims
{
    private ITaskClaims? _claims;
    private int _count;

    public int Claims => Volatile.Read(ref _count);

    /// <summary>What a heartbeat waits for before it is sent: PostgreSQL that cannot be reached does not answer at all.</summary>
    public Task Reachable { get; set; } = Task.CompletedTask;

    /// <summary>The same for the next claims.</summary>
    public Task Claimable { get; set; } = Task.CompletedTask;

    public void Register(IServiceCollection services) =>
        services.AddSingleton<ITaskClaims>(provider =>
        {
            _claims = ActivatorUtilities.CreateInstance<TaskClaims>(provider);
            return this;
        });

    public async Task<IReadOnlyList<Eventix.Domain.Tasks.EventixTask>> ClaimAsync(TaskClaim claim)
    {
        Interlocked.Increment(ref _count);
        await Claimable;
        return await _claims!.ClaimAsync(claim);
    }

    public Task<IReadOnlyList<Eventix.Domain.Tasks.EventixTask>[]> ClaimAsync(IReadOnlyList<TaskClaim> claims) =>
        _claims!.ClaimAsync(claims);

    public async Task<IReadOnlyList<Eventix.Domain.Tasks.EventixTask>[]> ClaimAsync(NamespacesClaim claim)
    {
        Interlocked.Increment(ref _count);
        await Claimable;
        return await _claims!.ClaimAsync(claim);
    }

    public Task<IReadOnlyList<Eventix.Domain.Tasks.EventixTask>> ClaimOnceAsync(
        ClaimRequest request,
        CancellationToken cancellationToken
    ) => _claims!.ClaimOnceAsync(request, cancellationToken);

    public async Task<IReadOnlyList<HeldLease>> ExtendLeasesAsync(
        string workerId,
        IReadOnlyCollection<string> uids,
        TimeSpan lease,
        CancellationToken cancellationToken
    )
    {
        await Reachable.WaitAsync(cancellationToken);
        return await _claims!.ExtendLeasesAsync(workerId, uids, lease, cancellationToken);
    }
}
