using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Workers;

/// <summary>What a handler sees of its run.</summary>
internal sealed class TaskContext(RunningTask run, DateTimeOffset? deadline, RunProgress progress) : ITaskContext
{
    private EventixTask Claimed => run.Task;

    public string Uid => Claimed.Uid;

    public string Task => Claimed.Task;

    public int Attempt => Claimed.Attempt;

    public string Revision => Claimed.WireRevision;

    public string Namespace => Claimed.Namespace;

    public string? Operator => Claimed.Operator;

    public int Priority => Claimed.Priority;

    public DateTimeOffset? Deadline => deadline;

    public CancellationToken CancellationToken => run.Token;

    public StopReason? StopReason => run.StopReason;

    public Task ReportProgressAsync(int percent, string? message = null)
    {
        progress.Report(new ProgressReport(percent, message));
        return System.Threading.Tasks.Task.CompletedTask;
    }

    public TaskRetryException RetryAfter(TimeSpan delay, string? message = null) => new(delay, message);

    public TaskFailedException Fail(string message, Exception? cause = null) => new(message, cause);
}
