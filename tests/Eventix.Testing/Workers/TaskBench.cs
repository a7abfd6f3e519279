using Eventix.Application;
using Eventix.Application.Tasks;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using MediatR;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Testing.Workers;

/// <summary>
/// Runs tasks without a database, by the very code of the worker: arguments out of JSON, validators, handler, result into JSON. What a task
/// posts is kept and not run.
/// </summary>
public sealed class TaskBench : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    /// <param name="configure">Makes the tasks known, <c>services.AddTasks(assembly)</c>, and what their handlers need.</param>
    /// <param name="worksFor">Where tasks are posted that say nothing of a namespace.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A task has a mistake; it tells all of them.</exception>
    public TaskBench(Action<IServiceCollection> configure, string worksFor = EventixTask.DefaultNamespace)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddLogging().AddApplication().AddTaskWorker();
        services.AddSingleton<BenchJournal>();
        services.AddSingleton<ITaskProgress>(provider => provider.GetRequiredService<BenchJournal>());
        services.AddScoped<IRequestHandler<PostTask, EventixTask>, PostedTasks>();
        services.AddScoped<ITaskContext, JournaledContext>();
        services.PostConfigure<TaskWorkerOptions>(options => options.Namespaces = [worksFor]);
        configure(services);

        _services = services.BuildServiceProvider(validateScopes: true);
        _ = _services.GetRequiredService<TaskRegistry>();
    }

    /// <summary>Runs a message as if it had been posted from C#, with the defaults of its attribute, and claimed.</summary>
    /// <param name="message">A message of a task that is known here.</param>
    /// <param name="setup">How it comes to the handler; null for a first run that nobody stops.</param>
    public async Task<BenchRun> RunAsync<TResult>(IEventixTask<TResult> message, BenchSetup? setup = null)
    {
        await using var scope = _services.CreateAsyncScope();
        var posted = await scope.ServiceProvider.GetRequiredService<IEventixScheduler>().DelayAsync(message);

        return await RunAsync(_services.GetRequiredService<BenchJournal>().Post(posted.Uid), setup);
    }

    /// <summary>Runs a task as a client of the REST API would post it.</summary>
    /// <param name="task">Its name.</param>
    /// <param name="args">A JSON array.</param>
    /// <param name="kwargs">A JSON object.</param>
    /// <param name="setup">How it comes to the handler; null for a first run that nobody stops.</param>
    /// <exception cref="InvalidOperationException">No task of the name is known.</exception>
    public Task<BenchRun> RunAsync(string task, string args = "[]", string kwargs = "{}", BenchSetup? setup = null) =>
        RunAsync(
            new NewTask
            {
                Task = task,
                Args = System.Text.Encoding.UTF8.GetBytes(args),
                Kwargs = System.Text.Encoding.UTF8.GetBytes(kwargs),
            },
            setup
        );

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private async Task<BenchRun> RunAsync(NewTask posted, BenchSetup? setup)
    {
        var known = _services.GetRequiredService<TaskRegistry>().Names;
        if (!known.Contains(posted.Task))
            throw new InvalidOperationException($"There is no task '{posted.Task}' here; there are {string.Join(", ", known)}.");

        setup ??= new BenchSetup();
        var claimed = Claimed(setup.Change(posted), setup.Attempt);
        var run = new RunningTask(claimed);
        var running = Task.Run(() => OutcomeAsync(run));
        if (setup.Stop is { } reason && await Task.WhenAny(running, Task.Delay(setup.StopAfter)) != running)
            run.Stop(reason);

        var outcome = await running;
        var journal = _services.GetRequiredService<BenchJournal>();

        return new BenchRun(claimed, outcome, journal.ReportsOf(claimed.Uid), journal.ChildrenOf(claimed.Uid));
    }

    private async Task<TaskOutcome> OutcomeAsync(RunningTask run)
    {
        try
        {
            return await _services.GetRequiredService<TaskRunner>().RunAsync(run);
        }
        catch (OperationCanceledException)
        {
            return run.Task.GiveBack();
        }
    }

    private static EventixTask Claimed(NewTask posted, int attempt) =>
        BenchJournal.Stored(posted, EventixTaskStatus.Processing, attempt, posted.FirstRevisionCounter + attempt);
}
