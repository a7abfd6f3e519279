using Eventix.Application.Workers;
using Eventix.Infrastructure.Tasks;
using Eventix.Infrastructure.Tests.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Workers;

/// <summary>The listener of a host, once PostgreSQL knows of it.</summary>
internal sealed class RunningListener : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly IHostedService _listener;

    private RunningListener(ServiceProvider services)
    {
        _services = services;
        _listener = services.GetServices<IHostedService>().OfType<ArrivalListener>().Single();
    }

    public TaskCancels Cancels => _services.GetRequiredService<TaskCancels>();

    public static async Task<RunningListener> StartAsync(string connectionString)
    {
        var running = new RunningListener(EventixServices.Build(connectionString));
        await running._listener.StartAsync(CancellationToken.None);

        var database = running._services.GetRequiredService<NpgsqlDataSource>();
        var heard = false;
        running.Cancels.Requested += _ => heard = true;
        await Eventually.BecomesAsync(
            async () =>
            {
                await using var notify = database.CreateCommand($"NOTIFY {ArrivalListener.CancelChannel}, 'nobody'");
                await notify.ExecuteNonQueryAsync();
                return Volatile.Read(ref heard);
            },
            "the listener hears"
        );

        return running;
    }

    public async ValueTask DisposeAsync()
    {
        await _listener.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }
}
