using System.Collections.Concurrent;
using Eventix.Application.Tasks;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Eventix.Application.Tests.Workers;

public sealed class RunProgressTests
{
    private static readonly EventixTask Task = new() { Uid = "u", Task = "t" };
    private readonly FakeTimeProvider _clock = new();
    private readonly Stored _stored = new();

    private RunProgress Begin() => new(Task, _stored, _clock, NullLogger.Instance);

    [Fact]
    public async Task A_tight_loop_costs_one_statement_a_second_and_the_last_report_is_not_lost()
    {
        await using (var progress = Begin())
        {
            for (var i = 0; i < 100_000; i++)
                progress.Report(new ProgressReport(i / 1000, $"{i}"));
            await _stored.UntilAsync(1);

            progress.Report(new ProgressReport(99, "before the second is over"));
            _stored.Reports.Should().HaveCount(1);
            await AdvanceUntilAsync(2);

            progress.Report(new ProgressReport(100, "last"));
        }

        _stored.Reports.Should().HaveCount(3);
        _stored.Reports.Last().Should().BeEquivalentTo(new { Percent = (short)100, Message = "last" });
    }

    [Fact]
    public async Task A_report_that_could_not_be_stored_is_tried_again_unless_a_newer_one_came()
    {
        _stored.IsAway = true;
        await using var progress = Begin();

        progress.Report(new ProgressReport(10, null));
        await _stored.UntilTriedAsync(1);
        progress.Report(new ProgressReport(20, null));
        _stored.IsAway = false;
        await AdvanceUntilAsync(1);

        _stored.Reports.Should().ContainSingle().Which.Percent.Should().Be(20);
    }

    [Fact]
    public async Task A_run_ends_also_while_reports_cannot_be_stored()
    {
        _stored.IsAway = true;
        var progress = Begin();
        progress.Report(new ProgressReport(10, null));

        await progress.DisposeAsync();

        _stored.Reports.Should().BeEmpty();
        _stored.Tried.Should().BeInRange(1, 2);
    }

    [Fact]
    public async Task A_run_that_lost_its_task_stores_nothing_more()
    {
        _stored.IsHeld = false;
        var progress = Begin();

        progress.Report(new ProgressReport(10, null));
        await _stored.UntilTriedAsync(1);
        progress.Report(new ProgressReport(20, null));
        _clock.Advance(TimeSpan.FromMinutes(1));
        await progress.DisposeAsync();

        _stored.Tried.Should().Be(1);
    }

    [Fact]
    public async Task Nothing_is_reported_after_the_end()
    {
        var progress = Begin();
        await progress.DisposeAsync();

        FluentActions
            .Invoking(() => progress.Report(new ProgressReport(1, null)))
            .Should()
            .Throw<InvalidOperationException>()
            .WithMessage("*ended*");
    }

    // The pause begins a moment after the statement ended, which nobody is told of: so the clock moves until it is over.
    private async Task AdvanceUntilAsync(int count)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (_stored.Reports.Count < count)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await System.Threading.Tasks.Task.Delay(5, deadline.Token);
        }
    }

    private sealed class Stored : ITaskProgress
    {
        private int _tried;

        public ConcurrentQueue<ProgressReport> Reports { get; } = new();

        public int Tried => Volatile.Read(ref _tried);

        public bool IsAway { get; set; }

        public bool IsHeld { get; set; } = true;

        public Task UntilAsync(int count) => UntilAsync(() => Reports.Count >= count);

        public Task UntilTriedAsync(int count) => UntilAsync(() => Tried >= count);

        public Task<bool> WriteAsync(EventixTask claimed, ProgressReport report, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _tried);
            if (IsAway)
                throw new TimeoutException("away");
            if (IsHeld)
                Reports.Enqueue(report);

            return System.Threading.Tasks.Task.FromResult(IsHeld);
        }

        private static async Task UntilAsync(Func<bool> condition)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (!condition())
                await System.Threading.Tasks.Task.Delay(5, deadline.Token);
        }
    }
}
