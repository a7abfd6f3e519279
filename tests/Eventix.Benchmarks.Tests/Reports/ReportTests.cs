using Eventix.Benchmarks.Reports;

namespace Eventix.Benchmarks.Tests.Reports;

public sealed class ReportTests
{
    private static readonly Machine Here = new(new DateTimeOffset(2026, 1, 2, 3, 4, 0, TimeSpan.Zero), ["machine: one"]);

    [Fact]
    public void A_ratio_is_that_of_neighbours_and_a_bar_is_met_or_not()
    {
        var report = new Report();
        var (fast, slow) = (new Series("fast", "tasks/s", [10, 30, 20]), new Series("slow", "tasks/s", [5, 10, 20], "plain"));

        report.Add("Drain", fast);
        report.Add("Drain", slow);
        report.Judge(Bar.DrainAgainstRaw, report.Compare(slow, fast));
        report.Judge(Bar.Commits, 0.01);
        var markdown = report.ToMarkdown(Here, "./build/bench --only drain");

        markdown.Should().Contain("| slow / fast | 0.5000 | 0.5000, 0.3333, 1.00 |");
        markdown.Should().Contain("| slow | 10.00 | 5.00 | 20.00 | tasks/s | 3 | plain |");
        markdown.Should().Contain("| worker drain against our own raw SQL batches of 500 | ≥ 0.75 | 0.5000 | **no** |");
        markdown.Should().Contain("| commits per task in a drain | ≤ 0.01 | 0.0100 | yes |");
        markdown.Should().Contain("| API: start to first answer | ≤ 1 s | | not run |");
        markdown.Should().ContainAll("2026-01-02 03:04 UTC", "`./build/bench --only drain`", "- machine: one");
    }

    [Fact]
    public async Task A_contestant_that_fails_is_named_and_not_run_again_and_the_others_go_on()
    {
        var (report, runs) = (new Report(), 0);

        var series = await SideBySide.RunAsync(
            rounds: 2,
            [
                new("steady", "tasks/s", () => Task.FromResult(4.0)),
                new("broken", "tasks/s", () => ++runs == 1 ? throw new InvalidOperationException("it fell\nover") : Task.FromResult(1.0)),
            ]
        );
        foreach (var one in series)
            report.Add("Drain", one);
        report.Judge(Bar.DrainAgainstGraphile, report.Compare(series[0], series[1]));
        report.Fail("growth", "no space");
        var markdown = report.ToMarkdown(Here, "./build/bench");

        runs.Should().Be(1);
        report.HasFailed.Should().BeTrue();
        markdown
            .Should()
            .ContainAll("- Drain, broken: it fell over", "- growth: no space", "| steady | 4.00 | 4.00 | 4.00 | tasks/s | 2 |");
        markdown.Should().Contain("(which deletes) | ≥ 1.2 | – | not measured |").And.NotContain("| broken |");
    }

    [Theory]
    [InlineData(0.5, 2)]
    [InlineData(0.99, 4)]
    [InlineData(0.01, 1)]
    public void A_percentile_is_one_of_the_values(double share, double expected) =>
        Series.Percentile([3, 1, 4, 2], share).Should().Be(expected);
}
