using Eventix.Application.Migration;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>What becomes of documents that others take the place of.</summary>
public sealed class MergedDocumentsTests : IAsyncLifetime
{
    private ImportCase _import = null!;

    public async ValueTask InitializeAsync() => _import = await ImportCase.StartAsync();

    public ValueTask DisposeAsync() => _import.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_merged_document_is_reported_as_it_was_in_whatever_batch_it_came(int batchSize)
    {
        var documents = new[] { Waiting("b", 2), Waiting("c", 3), Waiting("a", 1) };

        var sums = await _import.ImportAsync(documents, command => command with { BatchSize = batchSize });

        sums.Should().Be(new ImportSummary(3, 1, 2, 0, 0));
        _import
            .Report()
            .Select(line => line["document"].AsBsonDocument.ToJson())
            .Should()
            .BeEquivalentTo(documents[0].ToJson(), documents[1].ToJson());
        (await _import.TasksAsync("kwargs->>'from'")).Should().Equal("a c");
    }

    [Fact]
    public async Task Of_three_the_first_to_have_been_merged_comes_back_with_its_own_arguments()
    {
        var first = Waiting("a", 1);
        await _import.ImportAsync([Waiting("b", 2), Waiting("c", 3), first], command => command with { BatchSize = 1 });

        await _import.ImportAsync(first.Set("_rev", "9-5f3ad886911c5539b1d326df9c5b06e0").Set("status", "done"));

        (await _import.TasksAsync("concat_ws(' ', status, kwargs->>'from')")).Should().Equal("a done a", "b scheduled c");
        (
            await _import.Database.ScalarAsync<bool>(
                "SELECT position('\\x66726f6d000200000062'::bytea in document) > 0 FROM eventix_import_note WHERE uid = 'b'"
            )
        )
            .Should()
            .BeTrue("its own `from` is kept");
    }

    [Fact]
    public async Task A_task_that_was_posted_here_and_that_BSON_cannot_hold_goes_into_an_older_document_all_the_same()
    {
        await _import.Database.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, unique_key, args) VALUES ('posted', 'send', 'k', '[123456789012345678901234567890]')
            """
        );

        var sums = await _import.ImportAsync(Waiting("a", 1));

        sums.Should().Be(new ImportSummary(1, 1, 0, 0, 0));
        (await _import.TasksAsync("args::text")).Should().Equal("a [123456789012345678901234567890]");
        (await File.ReadAllTextAsync(_import.ReportFile, TestContext.Current.CancellationToken))
            .Should()
            .Contain("merged into a")
            .And.Contain("[123456789012345678901234567890]");
    }

    [Fact]
    public async Task Of_two_documents_of_one_id_the_older_one_never_takes_the_place_of_the_newer()
    {
        var newer = Done("a", 5);
        await _import.ImportAsync(newer);

        (await _import.ImportAsync(Done("a", 4))).Should().Be(new ImportSummary(1, 0, 0, 1, 0));
        _import.Report().Single()["reason"].AsString.Should().Be("it is older than the document of this _id that was imported");
        (await _import.TasksAsync("imported_revision")).Should().Equal("a " + newer["_rev"]);
        (await _import.ImportAsync(Done("a", 6))).Imported.Should().Be(1);
    }

    [Fact]
    public async Task Documents_of_16_MB_are_whole()
    {
        var text = new string('x', (16 * 1024 * 1024) - 400);
        var sums = await _import.ImportAsync(
            new BsonDocument
            {
                { "_id", "a" },
                { "task", "t" },
                { "kwargs", new BsonDocument("text", text) },
            },
            new BsonDocument
            {
                { "_id", "b" },
                { "task", "t" },
                { "args", new BsonArray(Enumerable.Range(0, 1_000_000)) },
            },
            new BsonDocument
            {
                { "_id", "c" },
                { "task", 7 },
                { "result", text },
            }
        );

        sums.Should().Be(new ImportSummary(3, 2, 0, 0, 1));
        (await _import.TasksAsync("concat_ws(' ', length(kwargs->>'text'), json_array_length(args))"))
            .Should()
            .Equal($"a {text.Length} 0", "b 1000000");
        _import.Report().Single()["document"]["result"].AsString.Should().HaveLength(text.Length);
    }

    private static BsonDocument Waiting(string id, int second) =>
        new()
        {
            { "_id", id },
            { "_rev", "1-5f3ad886911c5539b1d326df9c5b06e0" },
            { "created_time", new BsonDateTime(1772366400000 + (second * 1000)) },
            { "unique_key", "k" },
            { "task", "send" },
            {
                "kwargs",
                new BsonDocument
                {
                    { "from", id },
                    { "nan", BitConverter.UInt64BitsToDouble(0x7ff8_0000_0000_0000) },
                    { "wide", 7L },
                }
            },
            { "unknown", "kept in the report" },
        };

    private static BsonDocument Done(string id, int revision) =>
        new()
        {
            { "_id", id },
            { "_rev", $"{revision}-5f3ad886911c5539b1d326df9c5b06e0" },
            { "updated_time", new BsonDateTime(1772366400000 + (revision * 1000)) },
            { "status", "done" },
            { "task", "send" },
        };
}
