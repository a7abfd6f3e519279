using Eventix.Application.Examples;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;
using Eventix.Testing;
using Eventix.Testing.Workers;

namespace Eventix.Application.Tests.Examples;

public sealed class BuildSalesReportTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly DateOnly Yesterday = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-1);
    private static readonly DateOnly Tomorrow = Yesterday.AddDays(2);

    [Fact]
    public async Task A_report_of_a_day_that_is_over_is_built_page_by_page()
    {
        await using var bench = new TaskBench(services => services.AddTasks(typeof(BuildSalesReport).Assembly));

        var run = await bench.RunAsync(new BuildSalesReport("north", Yesterday, Pages: 4));

        run.ResultAs<SalesReport>().Should().Be(new SalesReport($"north, {Yesterday:O}", 4));
        run.Progress.Select(report => report.Percent).Should().Equal(25, 50, 75, 100);
        run.Posted.Should().ContainSingle().Which.Task.Should().Be("noop");
    }

    [Fact]
    public async Task What_a_client_posts_is_bound_and_checked()
    {
        await using var bench = new TaskBench(services => services.AddTasks(typeof(BuildSalesReport).Assembly));

        var run = await bench.RunAsync("build_sales_report", kwargs: """{"shop": "north", "day": "2026-01-09", "pages": 0}""");

        run.Status.Should().Be(EventixTaskStatus.Error);
        run.Error!.Message.Should().Contain("pages: 'Pages' must be between 1 and 1000.");
    }

    [Fact]
    public async Task A_report_of_a_day_to_come_waits_until_its_retries_are_used_up()
    {
        await using var queue = new QueueDrain(database, services => services.AddTasks(typeof(BuildSalesReport).Assembly));

        await queue.PostAsync(new BuildSalesReport("north", Tomorrow));
        var runs = await queue.DrainAsync();

        runs.Should().HaveCount(6);
        runs[0].RetryIn.Should().BeGreaterThan(TimeSpan.FromHours(24));
        runs[^1].Status.Should().Be(EventixTaskStatus.Error);
    }
}
