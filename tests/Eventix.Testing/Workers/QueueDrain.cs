using Eventix.Application;
using Eventix.Application.Tasks;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure;
using Eventix.Infrastructure.Tasks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eventix.Testing.Workers;

/// <summary>
/// Posts tasks to a test database and runs them one after the other, in the order of the queue, until nothing waits: children and retries
/// too. What is not due yet is made due.
/// </summary>
public sealed class QueueDrain : IAsyncDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);

    // Not what carries a worker: it cannot be claimed, however due it is.
    private const string MakeDue = """
        UPDATE eventix_task
        SET eta = now()
        WHERE namespace = $1 AND task = ANY ($2) AND status IN ('scheduled', 'retry') AND worker_id IS NULL AND eta > now()
        """;

    private readonly ServiceProvider _services;

    /// <param name="database">Whose tasks are run.</param>
    /// <param name="configure">Makes the tasks known, <c>services.AddTasks(assembly)</c>, and what their handlers need.</param>
    /// <exception cref="AggregateException">Something that a handler needs is not registered.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A task has a mistake; it tells all of them.</exception>
    public QueueDrain(TestDatabase database, Action<IServiceCollection> configure)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("DATABASE_URL", database.ConnectionString)]).Build();
        var services = new ServiceCollection();
        services.AddLogging().AddApplication().AddInfrastructure(configuration).AddTaskWorker();
        configure(services);

        _services = services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
        _ = _services.GetRequiredService<TaskRegistry>();
    }

    /// <summary>Posts a task from C#.</summary>
    /// <inheritdoc cref="IEventixScheduler.DelayAsync"/>
    public async Task<EventixTask> PostAsync<TResult>(
        IEventixTask<TResult> message,
        int? priority = null,
        DateTimeOffset? eta = null,
        string? uniqueKey = null,
        string? @namespace = null
    )
    {
        await using var scope = _services.CreateAsyncScope();
        return await scope
            .ServiceProvider.GetRequiredService<IEventixScheduler>()
            .DelayAsync(message, priority, eta, uniqueKey, @namespace);
    }

    /// <summary>Runs what waits in a namespace, of the tasks that are known here, until nothing does. Returns the runs, in order.</summary>
    /// <param name="mostRuns">What is enough for any queue that ends: one more is an exception, so that a test cannot hang.</param>
    /// <exception cref="InvalidOperationException">The queue is not empty after <paramref name="mostRuns"/> runs; it tells the last ones.</exception>
    public async Task<IReadOnlyList<TaskRun>> DrainAsync(string @namespace = EventixTask.DefaultNamespace, int mostRuns = 1000)
    {
        var runs = new List<TaskRun>();

        while (await ClaimAsync(@namespace) is { } task)
        {
            if (runs.Count == mostRuns)
            {
                await WriteBackAsync(task, task.GiveBack());
                throw new InvalidOperationException(Endless(@namespace, runs));
            }

            runs.Add(new TaskRun(task, await RunAsync(task)));
            await WriteBackAsync(task, runs[^1].Outcome);
        }

        return runs;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private async Task<EventixTask?> ClaimAsync(string @namespace) =>
        await ClaimDueAsync(@namespace) ?? (await MakeDueAsync(@namespace) > 0 ? await ClaimDueAsync(@namespace) : null);

    private async Task<EventixTask?> ClaimDueAsync(string @namespace)
    {
        // Without bookmarks of earlier claims: they do not know of the etas that were moved here.
        var claims = ActivatorUtilities.CreateInstance<TaskClaims>(_services, ActivatorUtilities.CreateInstance<ClaimBookmarks>(_services));
        var claim = new TaskClaim(@namespace, "drain", Limit: 1, Lease, Names);

        return (await claims.ClaimAsync(claim)).SingleOrDefault();
    }

    private async Task<int> MakeDueAsync(string @namespace)
    {
        await using var command = _services.GetRequiredService<NpgsqlDataSource>().CreateCommand(MakeDue);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = @namespace });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. Names] });

        return await command.ExecuteNonQueryAsync();
    }

    private async Task<TaskOutcome> RunAsync(EventixTask task) =>
        await _services.GetRequiredService<TaskRunner>().RunAsync(new RunningTask(task));

    private Task WriteBackAsync(EventixTask task, TaskOutcome outcome) =>
        _services.GetRequiredService<ITaskWriteBacks>().WriteBackAsync([new TaskWriteBack(task, outcome)], CancellationToken.None);

    private IReadOnlyList<string> Names => _services.GetRequiredService<TaskRegistry>().Names;

    private static string Endless(string @namespace, List<TaskRun> runs) =>
        $"The namespace '{@namespace}' is not empty after {runs.Count} runs. A task that fails for ever needs MaxRetries, one that posts itself "
        + $"an end, and a long queue a larger mostRuns. The last runs:{Environment.NewLine}"
        + string.Join(Environment.NewLine, runs.TakeLast(5));
}
