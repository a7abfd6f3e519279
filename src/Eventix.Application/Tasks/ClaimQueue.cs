using System.Data.Common;
using System.Threading.Channels;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using Microsoft.Extensions.Hosting;

namespace Eventix.Application.Tasks;

/// <summary>
/// Clients that wait for tasks, in the order in which they came. None of them holds a connection: one loop for all claims on behalf of those
/// who wait, whenever a task arrives, and once a second for what nobody told (tasks whose time has come, notifications that were lost).
/// </summary>
internal sealed class ClaimQueue : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    // Each has one statement on its way, and the connections are everybody's.
    private const int MostGroupsAtOnce = 4;

    private readonly ITaskClaims _claims;
    private readonly ITaskWriteBacks _writeBacks;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );

    // All of these under the lock of the first one. Who looks by itself does not wait yet.
    private readonly ClaimWaiters _waiters = new();
    private readonly ClaimWaiters _looking = new();
    private readonly HashSet<string> _arrived = new(StringComparer.Ordinal);
    private long _came;
    private bool _isServing;

    public ClaimQueue(ITaskClaims claims, ITaskWriteBacks writeBacks, TaskArrivals arrivals, TimeProvider clock)
    {
        (_claims, _writeBacks, _clock) = (claims, writeBacks, clock);
        arrivals.Arrived += Hear;
    }

    /// <summary>Claims what is due, and waits for it when nothing is; empty when the time is over.</summary>
    /// <param name="cancellationToken">The client has gone: what was claimed for it meanwhile is given back, unless the claim has a name to ask for it again.</param>
    public async Task<IReadOnlyList<EventixTask>> ClaimAsync(ClaimRequest request, TimeSpan wait, CancellationToken cancellationToken)
    {
        if (wait <= TimeSpan.Zero)
            return await LookAsync(request, cancellationToken);

        var waiter = Come(request);
        try
        {
            if (waiter.Looks && await LookAsync(request, cancellationToken) is { Count: > 0 } claimed)
                return claimed;

            return await WaitAsync(waiter, wait, cancellationToken);
        }
        finally
        {
            lock (_waiters)
                _looking.Remove(waiter);
        }
    }

    /// <summary>How many clients wait for tasks of a namespace right now.</summary>
    public int Waiting(string @namespace)
    {
        lock (_waiters)
            return _waiters.CountFor(@namespace);
    }

    /// <summary>Makes tasks that did not reach their claimer claimable again.</summary>
    public async Task GiveBackAsync(IReadOnlyList<EventixTask> claimed)
    {
        if (claimed.Count > 0)
            await _writeBacks.WriteBackAsync([.. claimed.Select(task => new TaskWriteBack(task, task.GiveBack()))], CancellationToken.None);
    }

    /// <summary>Nobody waits any longer: a host that ends must not be held up by its clients.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) => _stopping.CancelAsync();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stopping.Dispose();

    private async Task<IReadOnlyList<EventixTask>> LookAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        var claimed = request.ClaimId is null
            ? (await TryClaimAsync([request], request.Namespaces))[0]
            : await ClaimOnceAsync(request, request.Namespaces);

        return await DeliverAsync(request, claimed, cancellationToken);
    }

    private async Task<IReadOnlyList<EventixTask>> WaitAsync(ClaimWaiter waiter, TimeSpan wait, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(wait, _clock);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken, _stopping.Token);
        Enqueue(waiter);
        IReadOnlyList<EventixTask> claimed;
        try
        {
            claimed = await waiter.Claimed.Task.WaitAsync(over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            claimed = TryLeave(waiter) ? [] : await waiter.Claimed.Task;
        }

        return await DeliverAsync(waiter.Request, claimed, cancellationToken);
    }

    private async Task<IReadOnlyList<EventixTask>> DeliverAsync(
        ClaimRequest request,
        IReadOnlyList<EventixTask> claimed,
        CancellationToken cancellationToken
    )
    {
        if (cancellationToken.IsCancellationRequested)
        {
            // What has a name may have been asked for again meanwhile, under the same revision: it stays with whoever says the name.
            if (request.ClaimId is null)
                await GiveBackAsync(claimed);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return claimed;
    }

    /// <summary>
    /// Claims for all of them at once, a namespace after the other; the first of them gets the first tasks. Never cancelled half-way: a claim whose
    /// answer nobody reads leases tasks that nobody runs.
    /// </summary>
    /// <param name="requests">Without names, and all for the same task names.</param>
    private async Task<IReadOnlyList<EventixTask>[]> TryClaimAsync(IReadOnlyList<ClaimRequest> requests, IReadOnlyList<string> namespaces)
    {
        var claimed = requests.Select(_ => new List<EventixTask>()).ToArray();
        foreach (var @namespace in namespaces)
        {
            var open = Enumerable.Range(0, requests.Count).Where(i => claimed[i].Count < requests[i].Limit).ToList();
            if (open.Count == 0)
                break;

            try
            {
                var answers = await _claims.ClaimAsync([.. open.Select(i => Claim(requests[i], @namespace, claimed[i].Count))]);
                for (var i = 0; i < open.Count; i++)
                    claimed[open[i]].AddRange(answers[i]);
            }
            catch (DbException) when (claimed.Any(tasks => tasks.Count > 0))
            {
                // What the namespaces before gave must reach the clients; their next claims meet the problem again.
                break;
            }
        }

        return claimed;
    }

    private static TaskClaim Claim(ClaimRequest request, string @namespace, int had) =>
        new(@namespace, request.WorkerId, request.Limit - had, request.Lease, request.TaskNames);

    private Task<IReadOnlyList<EventixTask>> ClaimOnceAsync(ClaimRequest request, IReadOnlyList<string> namespaces) =>
        _claims.ClaimOnceAsync(request with { Namespaces = namespaces }, CancellationToken.None);

    private void Hear(string @namespace)
    {
        lock (_waiters)
        {
            // Hardly ever anybody, and this is on the way of every post.
            if (_looking.AnyFor(@namespace))
            {
                foreach (var looking in _looking.For([@namespace]))
                    looking.HasMissed = true;
            }

            if (!_waiters.AnyFor(@namespace))
                return;
            _arrived.Add(@namespace);
        }

        _wake.Writer.TryWrite(true);
    }

    /// <summary>Who comes looks by itself first, unless that would overtake those who have waited longer.</summary>
    private ClaimWaiter Come(ClaimRequest request)
    {
        lock (_waiters)
        {
            // What is held under a claim's name is no new claim.
            var looks = request.ClaimId is not null || !request.Namespaces.Any(_waiters.AnyFor);
            var waiter = new ClaimWaiter(request, ++_came, looks);
            if (looks)
                _looking.Add(waiter);

            return waiter;
        }
    }

    private void Enqueue(ClaimWaiter waiter)
    {
        lock (_waiters)
        {
            _looking.Remove(waiter);
            _waiters.Add(waiter);
            if (waiter.HasMissed || !waiter.Looks)
            {
                _arrived.UnionWith(waiter.Request.Namespaces);
                _wake.Writer.TryWrite(true);
            }

            if (!_isServing)
            {
                _isServing = true;
                _ = Task.Run(ServeAsync);
            }
        }
    }

    /// <summary>False when it is being served right now: then its claim is about to be answered.</summary>
    private bool TryLeave(ClaimWaiter waiter)
    {
        lock (_waiters)
        {
            waiter.IsLeaving = true;
            if (waiter.IsServed || !_waiters.Contains(waiter))
                return false;

            _waiters.Remove(waiter);
            return true;
        }
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            using var poll = new CancellationTokenSource(PollInterval, _clock);
            var isPoll = !await WokenAsync(poll.Token);

            ClaimWaiter[] waiters;
            HashSet<string>? arrived;
            lock (_waiters)
            {
                if (_waiters.Count == 0)
                {
                    _arrived.Clear();
                    _isServing = false;
                    return;
                }

                arrived = isPoll ? null : [.. _arrived];
                waiters = arrived is null ? _waiters.All() : _waiters.For(arrived);
                _arrived.Clear();
            }

            await ServeAsync(waiters, arrived);
        }
    }

    private async Task<bool> WokenAsync(CancellationToken poll)
    {
        try
        {
            await _wake.Reader.ReadAsync(poll);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>One round: those who wait for the same tasks ask together, and so share a statement; the first of them gets the first tasks.</summary>
    /// <param name="waiters">In the order in which they came.</param>
    /// <param name="arrived">Only these namespaces; null for all.</param>
    private Task ServeAsync(ClaimWaiter[] waiters, HashSet<string>? arrived)
    {
        var groups = waiters
            .Select(waiter =>
                (Waiter: waiter, Namespaces: waiter.Request.Namespaces.Where(name => arrived?.Contains(name) is not false).ToArray())
            )
            .Where(item => item.Namespaces.Length > 0)
            .GroupBy(item =>
                (string.Join('\0', item.Namespaces), item.Waiter.Request.TaskNames is { } names ? string.Join('\0', names) : null)
            )
            .Select(group => (group.First().Namespaces, Waiters: group.Select(item => item.Waiter).ToArray()));

        return Parallel.ForEachAsync(
            groups,
            new ParallelOptions { MaxDegreeOfParallelism = MostGroupsAtOnce },
            async (group, _) => await ServeGroupAsync(group.Waiters, group.Namespaces)
        );
    }

    private async Task ServeGroupAsync(ClaimWaiter[] group, string[] namespaces)
    {
        var unnamed = group.Where(waiter => waiter.Request.ClaimId is null && TryServe(waiter)).ToList();
        var isReachable = unnamed.Count == 0 || await ServeAsync(unnamed, namespaces);

        // Each of these has a transaction of its own. They go one by one, until one of them gets nothing.
        foreach (var waiter in group.Where(waiter => waiter.Request.ClaimId is not null))
        {
            if (!isReachable || !TryServe(waiter))
                continue;

            isReachable = await ServeAsync([waiter], namespaces);
            if (!waiter.Claimed.Task.IsCompleted)
                break;
        }

        if (!isReachable)
            await Task.Delay(PollInterval, _clock, CancellationToken.None);
    }

    /// <summary>
    /// Answers waiters with what is due, if anything is. That the database is away is told to the first of them; the others go on waiting, and the
    /// next round tries again. Any other failure is that of all.
    /// </summary>
    /// <returns>Whether the database could be reached.</returns>
    private async Task<bool> ServeAsync(IReadOnlyList<ClaimWaiter> waiters, string[] namespaces)
    {
        try
        {
            var claimed = waiters is [{ Request: { ClaimId: not null } request }]
                ? [await ClaimOnceAsync(request, namespaces)]
                : await TryClaimAsync([.. waiters.Select(waiter => waiter.Request)], namespaces);
            for (var i = 0; i < waiters.Count; i++)
                Answer(waiters[i], claimed[i]);

            return true;
        }
        catch (DbException unreachable)
        {
            Answer(waiters[0], unreachable);
            foreach (var waiter in waiters.Skip(1))
                Answer(waiter, []);

            return false;
        }
        catch (Exception failed)
        {
            foreach (var waiter in waiters)
                Answer(waiter, failed);

            return true;
        }
    }

    private bool TryServe(ClaimWaiter waiter)
    {
        lock (_waiters)
            return waiter.IsServed = _waiters.Contains(waiter);
    }

    private void Answer(ClaimWaiter waiter, IReadOnlyList<EventixTask> claimed)
    {
        lock (_waiters)
        {
            waiter.IsServed = false;
            if (claimed.Count == 0 && !waiter.IsLeaving)
                return;

            _waiters.Remove(waiter);
        }

        waiter.Claimed.SetResult(claimed);
    }

    private void Answer(ClaimWaiter waiter, Exception failed)
    {
        lock (_waiters)
            _waiters.Remove(waiter);

        waiter.Claimed.SetException(failed);
    }
}
