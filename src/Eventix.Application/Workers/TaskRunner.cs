using Eventix.Application.Messaging;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Eventix.Application.Workers;

/// <summary>Runs one claimed task through its handler and says what becomes of it.</summary>
internal sealed partial class TaskRunner(
    TaskRegistry registry,
    IServiceScopeFactory scopes,
    ITaskProgress progress,
    TimeProvider clock,
    ILogger<TaskRunner> logger
)
{
    /// <summary>Whatever a handler throws is the task's outcome, except when it stopped because it was asked to.</summary>
    /// <exception cref="OperationCanceledException">
    /// The run was stopped for another reason than its timeout, and the handler gave way: it has no outcome of its own.
    /// </exception>
    public async Task<TaskOutcome> RunAsync(RunningTask run)
    {
        var task = run.Task;
        var definition = registry[task.Task];

        try
        {
            var result = await HandleAsync(run, definition);

            return run.StopReason == StopReason.TimedOut ? TimedOut(task, definition) : task.Succeed(result);
        }
        catch (Exception) when (run.StopReason == StopReason.TimedOut)
        {
            return TimedOut(task, definition);
        }
        catch (OperationCanceledException) when (run.Token.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception failure)
        {
            // The one place where a task's own failure becomes data: it is recorded on the row, with the next due time.
            return Failed(task, definition, MessagingRegistration.Reason(failure));
        }
    }

    private async Task<ReadOnlyMemory<byte>?> HandleAsync(RunningTask run, TaskDefinition definition)
    {
        var message = definition.Arguments.Bind(run.Task.Args, run.Task.Kwargs);

        await using var reports = new RunProgress(run.Task, progress, clock, logger);
        await using var scope = scopes.CreateAsyncScope();
        await using var timer = Timer(run, definition.Timeout);
        scope.ServiceProvider.GetRequiredService<CurrentTask>().Context = new TaskContext(
            run,
            definition.Timeout is { } timeout ? clock.GetUtcNow() + timeout : null,
            reports
        );

        return await definition.RunAsync(scope.ServiceProvider.GetRequiredService<IMediator>(), message, run.Token);
    }

    private ITimer? Timer(RunningTask run, TimeSpan? timeout) =>
        timeout is { } limit
            ? clock.CreateTimer(
                _ =>
                {
                    if (run.Stop(StopReason.TimedOut))
                        LogTimeout(run.Task.Uid, run.Task.Task, limit);
                },
                null,
                limit,
                Timeout.InfiniteTimeSpan
            )
            : null;

    private static TaskOutcome Failed(EventixTask task, TaskDefinition definition, Exception failure) =>
        failure switch
        {
            TaskRetryException retry => task.RetryAfter(TaskErrors.ToJson(retry), (int)Math.Ceiling(retry.Delay.TotalSeconds)),
            TaskFailedException => task.FailForGood(TaskErrors.ToJson(failure)),

            // The same arguments are refused however often they are tried. Of a message that the handler sends itself that is not known.
            InvalidMessageException invalid when invalid.MessageType == definition.Message => task.FailForGood(
                TaskErrors.ToJson(definition.Attribute.Name, invalid)
            ),
            _ => task.Fail(TaskErrors.ToJson(failure)),
        };

    private static TaskOutcome TimedOut(EventixTask task, TaskDefinition definition) =>
        task.Fail(TaskErrors.ToJson(new TimeoutException($"The task ran longer than its timeout of {definition.Attribute.Timeout} s.")));

    [LoggerMessage(
        LogLevel.Warning,
        "Task {Uid} ({Task}) ran longer than its timeout of {Timeout}; its handler is asked to stop, and keeps its place until it does"
    )]
    private partial void LogTimeout(string uid, string task, TimeSpan timeout);
}
