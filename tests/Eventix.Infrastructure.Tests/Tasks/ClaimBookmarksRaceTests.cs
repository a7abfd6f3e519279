using System.Collections;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Tasks;

namespace Eventix.Infrastructure.Tests.Tasks;

public sealed class ClaimBookmarksRaceTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly HandClock _clock = new();
    private readonly ClaimBookmarks _bookmarks;

    public ClaimBookmarksRaceTests() => _bookmarks = new ClaimBookmarks(_clock);

    private static EventixTask Due(int priority, DateTimeOffset eta) =>
        new()
        {
            Uid = "u",
            Task = "t",
            Namespace = "n",
            Priority = priority,
            Eta = eta,
        };

    [Fact]
    public async Task Neither_a_claim_nor_a_post_touches_any_of_a_thousand_other_namespaces()
    {
        for (var n = 0; n < 1000; n++)
            _bookmarks.Begin($"other{n}", null)!.Dispose();
        using var held = new HeldList(Due(0, Noon));
        using var look = _bookmarks.Begin("other500", null)!;
        var holds = Task.Run(() => look.End(held));
        held.IsRead.Wait(Limit).Should().BeTrue();

        var others = Task.Run(() =>
        {
            for (var n = 0; n < 2; n++)
            {
                _bookmarks.Begin("n", null)!.Dispose();
                _bookmarks.Waits("n", 0, Noon);
                _bookmarks.Hears("n");
            }
        });
        var first = await Task.WhenAny(others, Task.Delay(Limit));

        held.Release.Set();
        first.Should().BeSameAs(others);
        await Task.WhenAll(others, holds);
    }

    [Fact]
    public async Task However_claims_posts_and_forgetting_meet_no_bookmark_hides_what_came_in_here()
    {
        const int Rounds = 5_000;
        var behindBookmarks = 0;

        // Each with a priority of its own, so that only what it claims itself moves its bookmark.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() => Work(worker))));

        behindBookmarks.Should().BePositive("otherwise nothing was tried out");

        void Work(int priority)
        {
            for (var round = 0; round < Rounds; round++)
            {
                var (@namespace, came) = ($"n{round % 3}", Noon.AddSeconds(round));
                if (round % 100 == 0)
                    _clock.Advance(TimeSpan.FromMinutes(6));

                using (var look = _bookmarks.Begin(@namespace, null)!)
                {
                    _clock.Advance(TimeSpan.FromMilliseconds(100));
                    _bookmarks.Waits(@namespace, priority, came);
                    look.End([Due(priority, came.AddMilliseconds(500))]);
                }

                using var next = _bookmarks.Begin(@namespace, null)!;
                if (Array.IndexOf(next.Priorities, priority) is >= 0 and var at)
                {
                    next.Etas[at].Should().BeOnOrBefore(came);
                    Interlocked.Increment(ref behindBookmarks);
                }
            }
        }
    }

    /// <summary>One task that is not read before the test says so: whoever reads it holds its locks until then.</summary>
    private sealed class HeldList(EventixTask task) : IReadOnlyList<EventixTask>, IDisposable
    {
        public ManualResetEventSlim IsRead { get; } = new();

        public ManualResetEventSlim Release { get; } = new();

        public int Count => 1;

        public EventixTask this[int index] => task;

        public IEnumerator<EventixTask> GetEnumerator()
        {
            IsRead.Set();
            Release.Wait();
            yield return task;
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        public void Dispose()
        {
            IsRead.Dispose();
            Release.Dispose();
        }
    }
}
