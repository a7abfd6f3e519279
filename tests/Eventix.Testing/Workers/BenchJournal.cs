using System.Collections.Concurrent;
using Eventix.Application.Tasks;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using MediatR;

namespace Eventix.Testing.Workers;

/// <summary>What the tasks of a bench posted and reported, in place of the database.</summary>
internal sealed class BenchJournal : ITaskProgress
{
    private readonly ConcurrentQueue<(string? Parent, NewTask Task)> _posts = new();
    private readonly ConcurrentQueue<(string Uid, ProgressReport Report)> _reports = new();

    public void AddPost(string? parent, NewTask task) => _posts.Enqueue((parent, task));

    public void AddReport(string uid, ProgressReport report) => _reports.Enqueue((uid, report));

    public NewTask Post(string uid) => _posts.Single(post => post.Task.Uid == uid).Task;

    public IReadOnlyList<NewTask> ChildrenOf(string uid) => [.. _posts.Where(post => post.Parent == uid).Select(post => post.Task)];

    public IReadOnlyList<ProgressReport> ReportsOf(string uid) =>
        [.. _reports.Where(report => report.Uid == uid).Select(each => each.Report)];

    // What the throttle lets through; the journal has every report already.
    public Task<bool> WriteAsync(EventixTask claimed, ProgressReport report, CancellationToken cancellationToken) => Task.FromResult(true);

    public static EventixTask Stored(NewTask posted, EventixTaskStatus status, int attempt, long revision) =>
        new()
        {
            Uid = posted.Uid,
            Task = posted.Task,
            Namespace = posted.Namespace,
            Args = posted.Args,
            Kwargs = posted.Kwargs,
            Status = status,
            Attempt = attempt,
            RevisionCounter = revision,
            Eta = posted.Eta ?? TimeProvider.System.GetUtcNow(),
            Priority = posted.Priority,
            UniqueKey = posted.UniqueKey,
            Operator = posted.Operator,
            Retry = posted.Retry,
            MaxRetries = posted.MaxRetries,
            ErrorEtaInc = posted.ErrorEtaInc,
            ErrorEtaMax = posted.ErrorEtaMax,
            ErrorExpires = posted.ErrorExpires,
            ResultExpires = posted.ResultExpires,
            StoreResult = posted.StoreResult,
        };
}

/// <summary>Keeps what is posted, and says that it is stored.</summary>
internal sealed class PostedTasks(BenchJournal journal, CurrentTask current) : IRequestHandler<PostTask, EventixTask>
{
    public Task<EventixTask> Handle(PostTask command, CancellationToken cancellationToken)
    {
        journal.AddPost(current.Context?.Uid, command.Task);

        return Task.FromResult(BenchJournal.Stored(command.Task, command.Task.Status, attempt: 0, command.Task.FirstRevisionCounter));
    }
}

/// <summary>The context of a run, with every report noted.</summary>
internal sealed class JournaledContext(BenchJournal journal, CurrentTask current) : ITaskContext
{
    private readonly ITaskContext _context = current.Required;

    public string Uid => _context.Uid;

    public string Task => _context.Task;

    public int Attempt => _context.Attempt;

    public string Revision => _context.Revision;

    public string Namespace => _context.Namespace;

    public string? Operator => _context.Operator;

    public int Priority => _context.Priority;

    public DateTimeOffset? Deadline => _context.Deadline;

    public CancellationToken CancellationToken => _context.CancellationToken;

    public StopReason? StopReason => _context.StopReason;

    public async Task ReportProgressAsync(int percent, string? message = null)
    {
        await _context.ReportProgressAsync(percent, message);
        journal.AddReport(Uid, new ProgressReport(percent, message));
    }

    public TaskRetryException RetryAfter(TimeSpan delay, string? message = null) => _context.RetryAfter(delay, message);

    public TaskFailedException Fail(string message, Exception? cause = null) => _context.Fail(message, cause);
}
