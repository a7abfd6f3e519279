using System.Collections.Concurrent;
using Eventix.Application.Tasks;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using Microsoft.Extensions.Time.Testing;

namespace Eventix.Application.Tests.Tasks;

public sealed class ClaimQueueTests : IDisposable
{
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(1);

    private readonly TaskArrivals _arrivals = new();
    private readonly Claims _claims = new();
    private readonly ClaimQueue _queue;

    // Its clock stands still: nobody is looked at again only because a second has passed.
    public ClaimQueueTests() => _queue = new ClaimQueue(_claims, _claims, _arrivals, new FakeTimeProvider());

    public void Dispose() => _queue.Dispose();

    private Task<IReadOnlyList<EventixTask>> ClaimAsync(string @namespace) =>
        _queue.ClaimAsync(new ClaimRequest("w", [@namespace], Limit: 1, Wait), Wait, CancellationToken.None);

    /// <summary>One comes, waits, and gets a task in a round.</summary>
    private async Task ServeAsync(string @namespace)
    {
        var claimed = ClaimAsync(@namespace);
        SpinWait.SpinUntil(() => _queue.Waiting(@namespace) == 1, TimeSpan.FromSeconds(30)).Should().BeTrue();
        _claims.Due.Enqueue(@namespace);
        _arrivals.Tell(@namespace);

        (await claimed).Should().ContainSingle();
    }

    [Fact]
    public async Task Who_finds_nothing_looks_again_for_what_came_in_meanwhile()
    {
        _claims.Looked = name =>
        {
            _claims.Looked = _ => { };
            _claims.Due.Enqueue(name);
            _arrivals.Tell(name);
        };

        (await ClaimAsync("mine")).Should().ContainSingle();
    }

    [Fact]
    public async Task Who_finds_nothing_does_not_look_again_for_what_came_in_elsewhere()
    {
        _claims.Looked = _ => _arrivals.Tell("elsewhere");
        var quiet = ClaimAsync("quiet");

        // Rounds follow each other: when the second one has answered, the first one is over.
        await ServeAsync("one");
        await ServeAsync("another");

        _claims.Asked.Count(name => name == "quiet").Should().Be(1);
        await _queue.StoppingAsync(CancellationToken.None);
        (await quiet).Should().BeEmpty();
    }

    /// <summary>Nothing is due but what the test has put into <see cref="Due"/>.</summary>
    private sealed class Claims : ITaskClaims, ITaskWriteBacks
    {
        public ConcurrentQueue<string> Asked { get; } = new();

        /// <summary>The namespaces of tasks that are due, one after the other.</summary>
        public ConcurrentQueue<string> Due { get; } = new();

        /// <summary>Called when a look has ended that found nothing.</summary>
        public Action<string> Looked { get; set; } = _ => { };

        public async Task<IReadOnlyList<EventixTask>[]> ClaimAsync(IReadOnlyList<TaskClaim> claims)
        {
            // As a database answers: later, on another thread.
            await Task.Yield();

            return [.. claims.Select(claim => Answer(claim.Namespace))];
        }

        private EventixTask[] Answer(string @namespace)
        {
            Asked.Enqueue(@namespace);
            if (Due.TryPeek(out var due) && due == @namespace && Due.TryDequeue(out _))
                return
                [
                    new()
                    {
                        Uid = "u",
                        Task = "t",
                        Namespace = @namespace,
                    },
                ];

            Looked(@namespace);
            return [];
        }

        public Task<IReadOnlyList<EventixTask>> ClaimAsync(TaskClaim claim) => throw new NotSupportedException();

        public Task<IReadOnlyList<EventixTask>[]> ClaimAsync(NamespacesClaim claim) => throw new NotSupportedException();

        public Task<IReadOnlyList<EventixTask>> ClaimOnceAsync(ClaimRequest request, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<IReadOnlyList<HeldLease>> ExtendLeasesAsync(
            string workerId,
            IReadOnlyCollection<string> uids,
            TimeSpan lease,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public Task<IReadOnlyList<WriteBackAnswer>> WriteBackAsync(
            IReadOnlyList<TaskWriteBack> outcomes,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();
    }
}
