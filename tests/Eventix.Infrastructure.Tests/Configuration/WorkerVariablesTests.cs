using Eventix.Application.Configuration;
using Eventix.Application.Workers;
using Eventix.Infrastructure.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Eventix.Infrastructure.Tests.Configuration;

public sealed class WorkerVariablesTests
{
    [Fact]
    public void Namespaces_are_a_list_without_blanks_and_repeats() =>
        Read(("EVENTIX_NAMESPACE", " b, a,,b ")).Namespaces.Should().Equal("b", "a");

    [Fact]
    public void Without_variables_the_default_namespace_is_worked_on_with_two_tasks_per_core()
    {
        var options = Read();

        options.Namespaces.Should().Equal("default");
        options.Concurrency.Should().Be(2 * Environment.ProcessorCount);
    }

    [Theory]
    [InlineData("night-shift", "pod-7f9c-x2k4", "night-shift")]
    [InlineData("K8S_HOSTNAME", "eventix-worker-7f9c-x2k4", "x2k4")]
    [InlineData("K8S_HOSTNAME", "plain", "plain")]
    public void The_worker_id_is_the_one_that_is_set_or_the_end_of_the_pods_name(string id, string hostname, string expected) =>
        Read(("EVENTIX_TASK_WORKER_ID", id), ("HOSTNAME", hostname)).WorkerId.Should().Be(expected);

    [Fact]
    public void A_host_takes_longer_to_stop_than_its_tasks_may()
    {
        var configuration = Configuration(("EVENTIX_WORKER_GRACE_SECONDS", "120"));

        using var services = new ServiceCollection().AddWorkerShutdown(configuration).BuildServiceProvider();

        services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout.Should().BeGreaterThan(TimeSpan.FromSeconds(120));
    }

    private static TaskWorkerOptions Read(params (string, string)[] set) =>
        OptionsFromVariables.ReadUnchecked<TaskWorkerOptions>(Configuration(set));

    private static IConfiguration Configuration(params (string Name, string Value)[] set) =>
        new ConfigurationBuilder().AddInMemoryCollection(set.ToDictionary(one => one.Name, one => (string?)one.Value)).Build();
}
