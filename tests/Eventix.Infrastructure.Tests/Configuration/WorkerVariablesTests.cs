using Eventix.Application.Configuration;
using Eventix.Application.Tasks;
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
    public void Weights_and_limits_stand_in_the_order_of_the_namespaces_and_one_number_is_for_all()
    {
        var options = Read(
            ("EVENTIX_NAMESPACE", "orders:3,mail"),
            ("EVENTIX_NAMESPACE_WEIGHTS", " 3, 1"),
            ("EVENTIX_NAMESPACE_CONCURRENCY", "2")
        );

        options.Namespaces.Should().Equal("orders:3", "mail");
        options.NamespaceWeights.Should().Equal(3, 1);
        options.NamespaceConcurrency.Should().Equal(2, 2);
    }

    [Fact]
    public void Weights_and_a_strict_order_do_not_go_together()
    {
        var variables = new Variables(
            Configuration(("EVENTIX_NAMESPACE", "a,b"), ("EVENTIX_NAMESPACE_WEIGHTS", "3,1"), ("EVENTIX_NAMESPACE_STRICT_ORDER", "true"))
        );

        new TaskWorkerOptions().Read(variables);

        variables
            .Mistakes.Should()
            .ContainSingle()
            .Which.Should()
            .ContainAll("EVENTIX_NAMESPACE_WEIGHTS", "EVENTIX_NAMESPACE_STRICT_ORDER");
    }

    [Fact]
    public void A_dead_host_is_noticed_within_a_minute_by_default() =>
        (Read().Lease + new MaintenanceOptions().Interval).Should().BeLessThan(TimeSpan.FromMinutes(1));

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
