using Eventix.Application.Workers;
using Eventix.Infrastructure.Tests.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Eventix.Infrastructure.Tests.Workers;

/// <summary>A worker with the test's tasks on a database, until it is stopped.</summary>
internal sealed class RunningWorker : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly TaskWorker _worker;

    private RunningWorker(ServiceProvider services)
    {
        _services = services;
        _worker = services.GetServices<IHostedService>().OfType<TaskWorker>().Single();
    }

    /// <summary>Ends with the worker; its failure ends the host.</summary>
    public Task Ended => _worker.ExecuteTask!;

    public Journal Journal => _services.GetRequiredService<Journal>();

    public static async Task<RunningWorker> StartAsync(
        string connectionString,
        Action<TaskWorkerOptions> configure,
        Action<IServiceCollection>? more = null
    )
    {
        var services = EventixServices.Build(
            connectionString,
            services =>
            {
                services.AddSingleton<Journal>().AddTasks(typeof(RunningWorker).Assembly).AddTaskWorker();
                services.PostConfigure<TaskWorkerOptions>(options =>
                {
                    options.PollInterval = TimeSpan.FromMilliseconds(20);
                    configure(options);
                });
                more?.Invoke(services);
            }
        );
        var worker = new RunningWorker(services);
        await worker._worker.StartAsync(CancellationToken.None);

        return worker;
    }

    public async Task<T> With<T>(Func<IEventixScheduler, Task<T>> use)
    {
        await using var scope = _services.CreateAsyncScope();
        return await use(scope.ServiceProvider.GetRequiredService<IEventixScheduler>());
    }

    public Task StopAsync() => _worker.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _services.DisposeAsync();
    }
}
