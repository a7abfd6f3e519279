using System.Text.RegularExpressions;
using Eventix.Application.Workers;

namespace Eventix.Architecture.Tests;

/// <summary>docs/workers.md prints what is compiled and run, and names everything that a task can say.</summary>
public sealed partial class WorkersGuideTests
{
    private static readonly string Guide = File.ReadAllText(Path.Combine(Repository.Root, "docs", "workers.md")).ReplaceLineEndings("\n");

    public static TheoryData<string, string> PrintedFiles =>
        new(PrintedFile().Matches(Guide).Select(match => (match.Groups["file"].Value, match.Groups["code"].Value)));

    [Theory]
    [MemberData(nameof(PrintedFiles))]
    public void A_printed_file_is_the_file(string file, string code) =>
        code.Should().Be(File.ReadAllText(Path.Combine(Repository.Root, file)).ReplaceLineEndings("\n"));

    [Fact]
    public void The_task_its_test_and_a_worker_are_printed() => PrintedFile().Count(Guide).Should().Be(3);

    [Fact]
    public void Every_option_of_a_task_has_its_row() =>
        Guide
            .Should()
            .ContainAll(
                typeof(EventixTaskAttribute)
                    .GetProperties()
                    .Where(property => property.SetMethod is not null)
                    .Select(property => $"\n| `{property.Name}` |")
            );

    [Fact]
    public void Every_member_of_the_context_and_every_reason_to_stop_is_told() =>
        Guide
            .Should()
            .ContainAll(
                typeof(ITaskContext)
                    .GetMembers()
                    .Select(member => member.Name)
                    .Where(name => !name.StartsWith("get_", StringComparison.Ordinal))
                    .Concat(Enum.GetNames<StopReason>())
                    .Select(name => $"`{name}`")
            );

    [GeneratedRegex(@"^`(?<file>[^`\n]+\.cs)`\n\n```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline, 10_000)]
    private static partial Regex PrintedFile();
}
