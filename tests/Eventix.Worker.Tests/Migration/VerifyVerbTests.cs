using Eventix.Testing;
using Eventix.Testing.Migration;
using MongoDB.Bson;

namespace Eventix.Worker.Tests.Migration;

/// <summary>`verify` as operators run it.</summary>
public sealed class VerifyVerbTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly MongoPeer _peer = new();

    public async ValueTask InitializeAsync() =>
        await database.ExecuteAsync(
            """
            TRUNCATE eventix_task, eventix_import_ledger;
            INSERT INTO eventix_task (uid, task, imported_revision) VALUES ('a', 't', '1-a');
            INSERT INTO eventix_import_ledger (uid, source_revision, outcome) VALUES ('a', '1-a', 'imported'), ('gone', '1-a', 'imported');
            """
        );

    public ValueTask DisposeAsync() => _peer.DisposeAsync();

    [Fact]
    public async Task Without_a_difference_the_exit_code_is_0_and_the_last_line_has_the_sums()
    {
        _peer.Collections.Put([Document("a"), Document("gone")]);

        var (code, output, error) = await RunAsync("--from", _peer.Uri());

        code.Should().Be(0, error);
        output
            .Should()
            .Be(
                """
                {"namespace":"default","status":"scheduled","source":2,"target":1}
                {"documents":2,"equal":1,"changed_here":0,"gone_here":1,"merged":0,"skipped":0,"rejected":0,"missing":0,"different":0,"changed_in_source":0,"gone_from_source":0,"posted_here":0,"finished_and_gone_from_source":0,"differences":0}

                """
            );
    }

    [Fact]
    public async Task A_difference_is_named_without_its_values_unless_they_are_asked_for()
    {
        _peer.Collections.Put([Document("a").Set("operator", "s3cret"), Document("gone"), Document("new")]);

        var (code, output, _) = await RunAsync("--from", _peer.Uri());
        var shown = await RunAsync("--from", _peer.Uri(), "--show-values", "--explained");

        code.Should().Be(1);
        output
            .Should()
            .MatchRegex("""\{"uid":"a","outcome":"different","source_hash":"\w{64}","target_hash":"\w{64}","fields":\["operator"\]\}""");
        output.Should().Contain("""{"uid":"new","outcome":"missing"}""").And.NotContain("\"gone\"").And.NotContain("s3cret");
        shown.ExitCode.Should().Be(1);
        shown.Output.Should().Contain("""{"uid":"gone","outcome":"gone_here"}""").And.Contain("s3cret");
    }

    [Theory]
    [InlineData("does not exist", "--from", "nowhere")]
    [InlineData("names no database", "--from", "mongodb://127.0.0.1:1")]
    [InlineData("--from", "--namespace", "n")]
    public async Task A_source_that_cannot_be_used_ends_with_2(string message, params string[] arguments)
    {
        var (code, output, error) = await RunAsync(arguments);

        (code, output).Should().Be((2, ""));
        error.Should().Contain(message).And.NotContain("   at ");
    }

    private static BsonDocument Document(string uid) =>
        new()
        {
            { "_id", uid },
            { "_rev", "1-a" },
            { "task", "t" },
        };

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) =>
        HostProcess.RunAsync("Eventix.Worker", ["verify", .. arguments], [("DATABASE_URL", database.Url)]);
}
