using Eventix.Testing;

namespace Eventix.Worker.Tests.Migration;

/// <summary>`import` as operators run it, against a database that has no schema yet.</summary>
public sealed class ImportVerbTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>, IDisposable
{
    // {_id: "<one letter>", task: "t"}, written by hand as mongodump writes it.
    private static readonly byte[] Document =
    [
        28,
        0,
        0,
        0,
        2,
        .. "_id\0"u8,
        2,
        0,
        0,
        0,
        .. "a\0"u8,
        2,
        .. "task\0"u8,
        2,
        0,
        0,
        0,
        .. "t\0"u8,
        0,
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("evx-verb-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_last_line_counts_and_a_second_run_skips()
    {
        var dump = Write("task.bson", [.. With('a'), .. With('b'), .. With('\0')]);

        var first = await RunAsync("--dump", dump);
        var second = await RunAsync("--dump", dump, "--batch-size", "1");

        first.Error.Should().Contain("task.rejects.ndjson");
        (first.ExitCode, first.Output.TrimEnd('\n').Split('\n')[^1])
            .Should()
            .Be((0, """{"read":3,"imported":2,"merged":0,"skipped":0,"rejected":1}"""));
        (second.ExitCode, second.Output.TrimEnd('\n').Split('\n')[^1])
            .Should()
            .Be((0, """{"read":3,"imported":0,"merged":0,"skipped":2,"rejected":1}"""));
        (await File.ReadAllLinesAsync(Path.Combine(_folder.FullName, "task.rejects.ndjson"), TestContext.Current.CancellationToken))
            .Should()
            .ContainSingle()
            .Which.Should()
            .EndWith(""","document":{"_id":"\u0000","task":"t"}}""");
    }

    [Fact]
    public async Task A_damaged_file_ends_with_1_and_says_where()
    {
        var dump = Write("damaged.bson", [.. With('x'), .. With('y')[..^3]]);

        var (code, output, error) = await RunAsync("--dump", dump);

        (code, output).Should().Be((1, ""));
        error.Should().Contain("damaged at byte 28").And.NotContain("   at ");
        (await database.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE uid IN ('x', 'y')")).Should().Be(1);
    }

    [Theory]
    [InlineData("does not exist", "--from", "missing.bson")]
    [InlineData("has no dump", "--from", ".")]
    [InlineData("no such folder", "--from", "empty.bson", "--report", "nowhere/rejects.ndjson")]
    [InlineData("the source itself", "--from", "empty.bson", "--report", "empty.bson")]
    public async Task A_wrong_path_ends_with_2(string message, params string[] arguments)
    {
        Write("empty.bson", []);

        var (code, output, error) = await RunAsync(arguments);

        (code, output).Should().Be((2, ""));
        error.Should().Contain(message).And.NotContain("   at ");
    }

    private static byte[] With(char uid)
    {
        byte[] document = [.. Document];
        document[13] = (byte)uid;
        return document;
    }

    private string Write(string name, byte[] content)
    {
        File.WriteAllBytes(Path.Combine(_folder.FullName, name), content);
        return name;
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) =>
        HostProcess.RunAsync("Eventix.Worker", ["import", .. arguments], [("DATABASE_URL", database.Url)], _folder.FullName);
}
