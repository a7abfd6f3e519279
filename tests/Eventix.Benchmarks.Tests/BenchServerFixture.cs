using Eventix.Benchmarks.Servers;

[assembly: AssemblyFixture(typeof(Eventix.Benchmarks.Tests.BenchServerFixture))]

namespace Eventix.Benchmarks.Tests;

/// <summary>The durable server of the benchmarks, for all tests here.</summary>
public sealed class BenchServerFixture : IAsyncLifetime
{
    private BenchServer? _server;

    internal BenchServer Server => _server ?? throw new InvalidOperationException("The fixture has not started.");

    /// <summary>So small that nothing is measured: what is tested is that it can be.</summary>
    internal static Scale Tiny { get; } = new(IsQuick: true, Rounds: 1, Tasks: 500);

    public async ValueTask InitializeAsync() => _server = await BenchServer.StartAsync();

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
