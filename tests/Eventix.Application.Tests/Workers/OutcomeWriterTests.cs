using System.Collections.Concurrent;
using Eventix.Application.Tasks;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Eventix.Application.Tests.Workers;

public sealed class OutcomeWriterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly WriteBacks _writeBacks = new();
    private readonly ConcurrentBag<EventixTask> _settled = [];
    private readonly OutcomeWriter _writer;
    private int _added;

    public OutcomeWriterTests() => _writer = new OutcomeWriter(_writeBacks, TimeProvider.System, NullLogger<OutcomeWriter>.Instance);

    [Fact]
    public async Task A_full_batch_goes_beside_the_one_that_is_on_its_way()
    {
        var running = Run();
        Add(1);
        var first = _writeBacks.Next();

        Add(OutcomeWriter.MostAtOnce);
        var second = _writeBacks.Next();

        (first.Count, second.Count).Should().Be((1, OutcomeWriter.MostAtOnce));
        await EndAsync(running, first, second);
    }

    [Fact]
    public async Task Fewer_wait_for_the_one_that_is_on_its_way()
    {
        var running = Run();
        Add(1);
        var first = _writeBacks.Next();

        Add(OutcomeWriter.MostAtOnce - 1);
        _writeBacks.HasNext(TimeSpan.FromMilliseconds(200)).Should().BeFalse();
        first.Back.SetResult();
        var second = _writeBacks.Next();

        second.Count.Should().Be(OutcomeWriter.MostAtOnce - 1);
        await EndAsync(running, second);
    }

    [Fact]
    public async Task No_more_than_two_are_on_their_way()
    {
        var running = Run();
        Add(1);
        var first = _writeBacks.Next();
        Add(2 * OutcomeWriter.MostAtOnce);
        var second = _writeBacks.Next();

        _writeBacks.HasNext(TimeSpan.FromMilliseconds(200)).Should().BeFalse();
        second.Back.SetResult();
        var third = _writeBacks.Next();

        third.Count.Should().Be(OutcomeWriter.MostAtOnce);
        await EndAsync(running, first, third);
    }

    [Fact]
    public async Task It_ends_when_the_last_outcome_is_written()
    {
        var running = Run();
        Add(1);
        var first = _writeBacks.Next();
        Add(OutcomeWriter.MostAtOnce);
        var second = _writeBacks.Next();
        Add(3);

        _writer.Complete();
        first.Back.SetResult();
        var last = _writeBacks.Next();
        last.Back.SetResult();
        running.IsCompleted.Should().BeFalse("the full batch is still on its way");

        await EndAsync(running, second);
    }

    [Fact]
    public async Task What_it_cannot_go_on_from_is_told_at_once()
    {
        var running = Run();
        Add(1);

        _writeBacks.Next().Back.SetException(new InvalidOperationException("a bug"));

        await FluentActions.Awaiting(() => running.WaitAsync(Limit)).Should().ThrowAsync<InvalidOperationException>().WithMessage("a bug");
    }

    private Task Run() => _writer.RunAsync(tasks => tasks.ToList().ForEach(_settled.Add), CancellationToken.None);

    private void Add(int count)
    {
        for (var end = _added + count; _added < end; _added++)
        {
            var task = new EventixTask { Uid = $"{_added}", Task = "t" };
            _writer.Add(new TaskWriteBack(task, task.Succeed(null)));
        }
    }

    /// <summary>Everything that was added is settled, each task once.</summary>
    private async Task EndAsync(Task running, params Batch[] onTheirWay)
    {
        Array.ForEach(onTheirWay, batch => batch.Back.SetResult());
        _writer.Complete();
        await running.WaitAsync(Limit);

        _settled.Select(task => int.Parse(task.Uid)).Should().BeEquivalentTo(Enumerable.Range(0, _added));
    }

    private sealed record Batch(int Count, TaskCompletionSource Back);

    /// <summary>Batches that come back when the test says so.</summary>
    private sealed class WriteBacks : ITaskWriteBacks
    {
        private readonly BlockingCollection<Batch> _sent = [];

        public async Task<IReadOnlyList<WriteBackAnswer>> WriteBackAsync(
            IReadOnlyList<TaskWriteBack> outcomes,
            CancellationToken cancellationToken
        )
        {
            var batch = new Batch(outcomes.Count, new(TaskCreationOptions.RunContinuationsAsynchronously));
            _sent.Add(batch, cancellationToken);
            await batch.Back.Task;

            return [.. outcomes.Select(_ => WriteBackAnswer.Written)];
        }

        public Batch Next() => _sent.TryTake(out var batch, Limit) ? batch : throw new TimeoutException("Nothing was sent.");

        public bool HasNext(TimeSpan wait)
        {
            if (!_sent.TryTake(out var batch, wait))
                return false;

            _sent.Add(batch);
            return true;
        }
    }
}
