using Eventix.Infrastructure.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Eventix.Infrastructure.Tests.Configuration;

public sealed class HostStartTests
{
    private static Task<int> RunAsync<TService>()
        where TService : BackgroundService =>
        HostStart.RunAsync(async () =>
        {
            using var host = new HostBuilder().ConfigureServices(services => services.AddHostedService<TService>()).Build();
            await host.RunUntilStoppedAsync(() => host.RunAsync());
        });

    [Fact]
    public async Task A_host_whose_service_fails_does_not_end_as_if_it_had_been_asked_to() =>
        (await RunAsync<Failing>().WaitAsync(TimeSpan.FromSeconds(30))).Should().Be(HostStart.Failed);

    [Fact]
    public async Task A_host_that_is_asked_to_stop_ends_well() =>
        (await RunAsync<Stopping>().WaitAsync(TimeSpan.FromSeconds(30))).Should().Be(HostStart.Success);

    private sealed class Failing : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            throw new NotSupportedException("a bug");
        }
    }

    private sealed class Stopping(IHostApplicationLifetime lifetime) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            lifetime.StopApplication();
        }
    }
}
