using Eventix.Domain.Tasks;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Application.Workers;

/// <summary>Runs one claimed task through its handler and says what becomes of it.</summary>
internal sealed class TaskRunner(TaskRegistry registry, IServiceScopeFactory scopes)
{
    /// <summary>Whatever a handler throws is the task's outcome, except when <paramref name="cancellationToken"/> ended it.</summary>
    /// <exception cref="OperationCanceledException">The token fired, and the handler stopped for it.</exception>
    public async Task<TaskOutcome> RunAsync(EventixTask task, CancellationToken cancellationToken)
    {
        try
        {
            var definition = registry[task.Task];
            var message = definition.Arguments.Bind(task.Args, task.Kwargs);

            await using var scope = scopes.CreateAsyncScope();

            return task.Succeed(
                await definition.RunAsync(scope.ServiceProvider.GetRequiredService<IMediator>(), message, cancellationToken)
            );
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception failure)
        {
            // The one place where a task's own failure becomes data: it is recorded on the row, with the next due time.
            return task.Fail(TaskErrors.ToJson(failure));
        }
    }
}
