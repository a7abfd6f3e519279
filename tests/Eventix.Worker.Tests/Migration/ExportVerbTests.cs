using Eventix.Testing;

namespace Eventix.Worker.Tests.Migration;

/// <summary>`export` as operators run it.</summary>
public sealed class ExportVerbTests(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("evx-verb-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_last_line_counts_and_files_are_where_they_were_asked_for()
    {
        await database.ExecuteAsync(
            "DELETE FROM eventix_task; INSERT INTO eventix_task (uid, task, namespace, status) VALUES ('a', 't', 'n', 'done'), ('b', 't', 'n', 'retry'), ('c', 't', 'm', 'done')"
        );

        await HasAsync(3, "dump/eventix/task.bson", "--to", "dump");
        await HasAsync(3, "dump/old/task.bson.gz", "--to", "dump", "--database", "old", "--gzip");
        await HasAsync(2, "task.ndjson.gz", "--to", "task.ndjson.gz", "--namespace", "n");
        await HasAsync(1, "cli/b.json", "--to", "cli", "--format", "cli", "--status", "retry");
        await HasAsync(3, "all", "--to", "all", "--format", "mongoexport", "--status", "retry", "--status", "done");
        await HasAsync(0, "none.json", "--to", "none.json", "--since", "2999-01-01T00:00:00Z");
    }

    [Fact]
    public async Task A_task_that_MongoDB_cannot_hold_is_named_and_the_exit_code_says_so()
    {
        await database.ExecuteAsync(
            """INSERT INTO eventix_task (uid, task, namespace, kwargs) VALUES ('odd', 't', 'x', '{"\u0000": 1}')"""
        );

        var (code, output, error) = await RunAsync("--to", "odd", "--namespace", "x");

        code.Should().Be(1);
        output.Should().StartWith("""{"tasks":1,"exported":0,"rejected":1,""");
        error.Should().Contain("not exported: odd: ");
    }

    [Theory]
    [InlineData("is for the formats", "--to", "x", "--format", "cli", "--gzip")]
    [InlineData("1 to 63 characters", "--to", "x", "--database", "../up")]
    [InlineData("there is a file", "--to", "file")]
    [InlineData("exists already", "--to", "file", "--format", "mongoexport")]
    [InlineData("exists already", "--to", "file", "--format", "cli")]
    public async Task A_target_that_cannot_be_used_ends_with_2(string message, params string[] arguments)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "file"), "mine", TestContext.Current.CancellationToken);

        var (code, output, error) = await RunAsync(arguments);

        (code, output).Should().Be((2, ""));
        error.Should().Contain(message).And.NotContain("   at ");
        (await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "file"), TestContext.Current.CancellationToken)).Should().Be("mine");
    }

    private async Task HasAsync(int count, string file, params string[] arguments)
    {
        var (code, output, error) = await RunAsync(arguments);

        (code, error).Should().Be((0, ""));
        output.TrimEnd().Split('\n')[^1].Should().Be($$"""{"tasks":{{count}},"exported":{{count}},"rejected":0,"removed":0}""");
        File.Exists(Path.Combine(_folder.FullName, file)).Should().BeTrue();
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) =>
        HostProcess.RunAsync("Eventix.Worker", ["export", .. arguments], [("DATABASE_URL", database.Url)], _folder.FullName);
}
