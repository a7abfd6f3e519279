using System.Collections.Concurrent;
using Eventix.Infrastructure.Persistence;
using FluentAssertions;
using Xunit;

namespace Eventix.Infrastructure.Tests.Persistence;

public class CoalescerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly BlockingCollection<Batch> _sent = [];

    [Fact]
    public async Task A_request_that_comes_alone_leaves_at_once()
    {
        var coalescer = Coalesce(fewestBeside: 3);

        var answered = coalescer.SendAsync(7, CancellationToken.None);
        var batch = _sent.Take();

        batch.Requests.Should().Equal(7);
        batch.Back.SetResult();
        (await answered.WaitAsync(Limit)).Should().Be("7");
    }

    [Fact]
    public async Task Another_batch_leaves_beside_the_first_only_when_enough_wait()
    {
        var coalescer = Coalesce(fewestBeside: 3);
        Task<string>[] all = [.. Enumerable.Range(0, 3).Select(n => coalescer.SendAsync(n, CancellationToken.None))];

        var first = _sent.Take();
        _sent.Should().BeEmpty("two are too few to be worth a statement beside the one that is on its way");

        all = [.. all, coalescer.SendAsync(3, CancellationToken.None)];
        var second = _sent.Take();
        second.Requests.Should().Equal(1, 2, 3);

        second.Back.SetResult();
        first.Back.SetResult();
        (await Task.WhenAll(all).WaitAsync(Limit)).Should().Equal("0", "1", "2", "3");
    }

    [Fact]
    public async Task Those_that_were_too_few_leave_when_the_batch_before_is_back()
    {
        var coalescer = Coalesce(fewestBeside: 3);
        Task<string>[] all = [.. Enumerable.Range(0, 3).Select(n => coalescer.SendAsync(n, CancellationToken.None))];

        _sent.Take().Back.SetResult();
        var second = _sent.Take();

        second.Requests.Should().Equal(1, 2);
        second.Back.SetResult();
        (await Task.WhenAll(all).WaitAsync(Limit)).Should().Equal("0", "1", "2");
    }

    [Fact]
    public async Task No_more_batches_leave_than_there_are_lanes()
    {
        var coalescer = Coalesce(fewestBeside: 1);
        Task<string>[] all = [.. Enumerable.Range(0, 5).Select(n => coalescer.SendAsync(n, CancellationToken.None))];

        Batch[] onTheirWay = [_sent.Take(), _sent.Take()];
        _sent.Should().BeEmpty("both lanes are taken");

        onTheirWay[0].Back.SetResult();
        var third = _sent.Take();
        third.Requests.Should().Equal(2, 3, 4);

        onTheirWay[1].Back.SetResult();
        third.Back.SetResult();
        await Task.WhenAll(all).WaitAsync(Limit);
    }

    [Fact]
    public async Task A_batch_that_is_held_up_holds_up_nobody_else()
    {
        var coalescer = Coalesce(fewestBeside: 100, TimeSpan.FromMilliseconds(5));
        Task<string>[] all = [.. Enumerable.Range(0, 3).Select(n => coalescer.SendAsync(n, CancellationToken.None))];

        var heldUp = _sent.Take();
        var next = _sent.Take();

        next.Requests.Should().Equal(1, 2);
        next.Back.SetResult();
        (await Task.WhenAll(all[1..]).WaitAsync(Limit)).Should().Equal("1", "2");
        all[0].IsCompleted.Should().BeFalse();
        heldUp.Back.SetResult();
        (await all[0].WaitAsync(Limit)).Should().Be("0");
    }

    [Fact]
    public async Task However_many_batches_are_held_up_they_keep_a_few_connections()
    {
        var coalescer = Coalesce(fewestBeside: 1, TimeSpan.FromMilliseconds(5));
        var all = new List<Task<string>>();
        var heldUp = new List<Batch>();
        for (var n = 0; n < 6; n++)
        {
            all.Add(coalescer.SendAsync(n, CancellationToken.None));
            heldUp.Add(_sent.Take());
        }

        all.Add(coalescer.SendAsync(6, CancellationToken.None));
        _sent.TryTake(out _, TimeSpan.FromMilliseconds(300)).Should().BeFalse("four are overdue, and both lanes are taken");

        heldUp.ForEach(batch => batch.Back.SetResult());
        var last = _sent.Take();
        last.Requests.Should().Equal(6);
        last.Back.SetResult();
        (await Task.WhenAll(all).WaitAsync(Limit)).Should().HaveCount(7);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public async Task None_is_left_behind_however_they_come(int fewestBeside)
    {
        const int Clients = 8;
        const int Each = 20_000;
        var coalescer = new Coalescer<int, string>(
            lanes: 2,
            fewestBeside,
            TimeSpan.FromMilliseconds(1),
            mostAtOnce: 500,
            _ => 1,
            async batch =>
            {
                await Task.Yield();
                foreach (var one in batch)
                    one.Answer($"{one.Request}");
            }
        );

        async Task<int> AskAsync(int client)
        {
            var right = 0;
            for (var n = client; n < Clients * Each; n += Clients)
                right += await coalescer.SendAsync(n, CancellationToken.None) == $"{n}" ? 1 : 0;

            return right;
        }

        var clients = Enumerable.Range(0, Clients).Select(client => Task.Run(() => AskAsync(client)));

        (await Task.WhenAll(clients).WaitAsync(Limit)).Should().AllBeEquivalentTo(Each);
    }

    [Fact]
    public async Task Who_blocks_with_an_answer_in_hand_holds_up_no_later_batch()
    {
        var coalescer = Coalesce(fewestBeside: 1);
        using var release = new ManualResetEventSlim();
        var blocked = BlockAsync();

        async Task<bool> BlockAsync()
        {
            await coalescer.SendAsync(1, CancellationToken.None).ConfigureAwait(false);
            return release.Wait(Limit);
        }

        _sent.Take().Back.SetResult();
        for (var n = 2; n < 10; n++)
        {
            var answered = coalescer.SendAsync(n, CancellationToken.None);
            _sent.Take().Back.SetResult();
            (await answered.WaitAsync(Limit)).Should().Be($"{n}");
        }

        blocked.IsCompleted.Should().BeFalse();
        release.Set();
        (await blocked).Should().BeTrue();
    }

    [Fact]
    public async Task The_answers_of_a_batch_are_handed_out_by_one_thread()
    {
        var coalescer = Coalesce(fewestBeside: 100);

        async Task<int> ThreadAsync(int n)
        {
            await coalescer.SendAsync(n, CancellationToken.None).ConfigureAwait(false);
            return Environment.CurrentManagedThreadId;
        }

        Task<int>[] all = [.. Enumerable.Range(0, 21).Select(ThreadAsync)];
        _sent.Take().Back.SetResult();
        _sent.Take().Back.SetResult();

        var threads = await Task.WhenAll(all).WaitAsync(Limit);
        threads.Skip(1).Distinct().Should().ContainSingle();
    }

    [Fact]
    public async Task What_fails_is_the_answer_of_those_that_have_none()
    {
        var coalescer = Coalesce(fewestBeside: 100);
        Task<string>[] all = [.. Enumerable.Range(0, 3).Select(n => coalescer.SendAsync(n, CancellationToken.None))];

        _sent.Take().Back.SetResult();
        _sent.Take().Back.SetException(new InvalidDataException("broken"));

        (await all[0].WaitAsync(Limit)).Should().Be("0");
        await FluentActions.Awaiting(() => all[1]).Should().ThrowAsync<InvalidDataException>();
        await FluentActions.Awaiting(() => all[2]).Should().ThrowAsync<InvalidDataException>();
    }

    [Fact]
    public async Task Who_goes_away_while_it_waits_is_not_sent()
    {
        var coalescer = Coalesce(fewestBeside: 100);
        using var gone = new CancellationTokenSource();
        var first = coalescer.SendAsync(1, CancellationToken.None);
        var left = coalescer.SendAsync(2, gone.Token);
        var last = coalescer.SendAsync(3, CancellationToken.None);

        await gone.CancelAsync();
        _sent.Take().Back.SetResult();
        var second = _sent.Take();
        second.Requests.Should().Equal(3);
        second.Back.SetResult();

        await Task.WhenAll(first, last).WaitAsync(Limit);
        await FluentActions.Awaiting(() => left).Should().ThrowAsync<OperationCanceledException>();
    }

    private Coalescer<int, string> Coalesce(int fewestBeside, TimeSpan? patience = null) =>
        new(lanes: 2, fewestBeside, patience ?? Timeout.InfiniteTimeSpan, mostAtOnce: 500, _ => 1, SendAsync);

    private async Task SendAsync(IReadOnlyList<Coalesced<int, string>> requests)
    {
        var batch = new Batch([.. requests.Select(one => one.Request)], new(TaskCreationOptions.RunContinuationsAsynchronously));
        _sent.Add(batch);

        await batch.Back.Task;
        foreach (var one in requests)
            one.Answer($"{one.Request}");
    }

    private sealed record Batch(int[] Requests, TaskCompletionSource Back);
}
