using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Microsoft.Extensions.Logging;

namespace Eventix.Application.Workers;

/// <summary>
/// Stores the reports of one run, one statement a second at most: what comes in between waits, and the last one replaces the others.
/// </summary>
internal sealed partial class RunProgress(EventixTask task, ITaskProgress progress, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastMoment = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _giveUp = new();
    private readonly Lock _lock = new();
    private ProgressReport? _next;
    private Task? _writing;
    private bool _isEnded;

    /// <exception cref="InvalidOperationException">The run is over.</exception>
    public void Report(ProgressReport report)
    {
        lock (_lock)
        {
            if (_isEnded)
                throw new InvalidOperationException($"Task {task.Uid} ({task.Task}) has ended and can report no progress any more.");

            _next = report;
            _writing ??= Task.Run(WriteAsync);
        }
    }

    /// <summary>Stores what still waits; gives up when that takes longer than a moment.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? writing;
        lock (_lock)
        {
            _isEnded = true;
            writing = _writing;
        }

        if (writing is not null)
        {
            await _ended.CancelAsync();
            await Task.WhenAny(writing, Task.Delay(LastMoment, clock));
            await _giveUp.CancelAsync();
            await writing;
        }

        _ended.Dispose();
        _giveUp.Dispose();
    }

    private async Task WriteAsync()
    {
        while (TakeNext() is { } report)
        {
            try
            {
                // Held by somebody else now: nothing that this run reports is wanted any more.
                if (!await progress.WriteAsync(task, report, _giveUp.Token))
                    return;
            }
            catch (Exception failed)
            {
                // Whatever it was: a report is not worth the outcome of its task.
                LogNotStored(failed, task.Uid, task.Task);
                PutBack(report);
            }

            await Waiting.ForAsync(Interval, clock, _ended.Token);
        }
    }

    private ProgressReport? TakeNext()
    {
        lock (_lock)
        {
            var next = _next;
            _next = null;
            if (next is null)
                _writing = null;

            return next;
        }
    }

    private void PutBack(ProgressReport report)
    {
        // Not after the end: that was the last try.
        lock (_lock)
            _next = _isEnded ? null : _next ?? report;
    }

    [LoggerMessage(LogLevel.Warning, "Could not store the progress of task {Uid} ({Task})")]
    private partial void LogNotStored(Exception failed, string uid, string task);
}
