using Eventix.Application.Migration;
using Eventix.Infrastructure.Migration;
using Eventix.Testing;
using Eventix.Testing.Migration;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>Export straight into a MongoDB: the peer of the tests, which speaks its protocol.</summary>
public sealed class ExportToMongoTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly MongoPeer _peer = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        await database.ExecuteAsync(
            """
            TRUNCATE eventix_task, eventix_import_ledger;
            INSERT INTO eventix_task (uid, task, namespace, imported_revision) SELECT 't' || n, 't', 'n', '3-abc' FROM generate_series(1, 1500) n;
            """
        );

    public ValueTask DisposeAsync() => _peer.DisposeAsync();

    [Fact]
    public async Task An_empty_collection_takes_every_task()
    {
        (await ExportAsync()).Should().Be(new ExportSummary(1500, 1500, 0, 0));

        var documents = _peer.Collections.All();
        documents.Should().HaveCount(1500);
        documents
            .Should()
            .OnlyContain(document => document["_rev"] == "3-abc" && document["eta"].IsBsonDateTime && document.ElementCount == 26);
        documents[0].GetElement(0).Name.Should().Be("_id");
    }

    [Fact]
    public async Task A_collection_that_holds_something_is_refused_unless_told()
    {
        _peer.Collections.Put([
            new BsonDocument { { "_id", "t7" }, { "task", "old" } },
            new BsonDocument { { "_id", "other" }, { "task", "old" } },
        ]);

        var refused = () => ExportAsync();

        (await refused.Should().ThrowAsync<TargetException>()).WithMessage("*not empty*--replace*");
        _peer.Collections.All().Should().HaveCount(2);

        (await ExportAsync(all => all with { Replace = true })).Should().Be(new ExportSummary(1500, 1500, 0, 0));
        _peer.Collections.All().Should().HaveCount(1501);
        _peer.Collections.All().Single(document => document["_id"] == "t7")["task"].Should().Be("t");
        _peer.Collections.All().Single(document => document["_id"] == "other")["task"].Should().Be("old");
    }

    [Fact]
    public async Task What_was_imported_and_is_finished_here_does_not_run_there_again()
    {
        await database.ExecuteAsync(
            """
            INSERT INTO eventix_import_ledger (uid, outcome) VALUES
                ('t1', 'imported'), ('ran', 'imported'), ('went into another', 'merged'), ('not ours', 'skipped')
            """
        );
        string[] before = ["t1", "ran", "went into another", "not ours"];
        _peer.Collections.Put(before.Select(uid => new BsonDocument { { "_id", uid }, { "task", "old" } }));

        (await ExportAsync(all => all with { Replace = true, Namespaces = ["n"] })).Removed.Should().Be(0);
        (await ExportAsync(all => all with { Replace = true })).Should().Be(new ExportSummary(1500, 1500, 0, 2));

        var left = _peer.Collections.All().Select(document => document["_id"].AsString).ToList();
        left.Should().HaveCount(1501).And.Contain("not ours").And.NotContain("ran").And.NotContain("went into another");
    }

    [Fact]
    public async Task A_connection_that_breaks_is_told_and_another_run_goes_through()
    {
        var updates = 0;
        _peer.DropOn = (name, _) => name == "update" && ++updates >= 2;

        var broken = () => ExportAsync();

        (await broken.Should().ThrowAsync<TargetException>()).Which.IsTransient.Should().BeTrue();
        _peer.DropOn = null;
        _peer.Collections.All().Should().HaveCount(1000);
        (await ExportAsync(all => all with { Replace = true })).Should().Be(new ExportSummary(1500, 1500, 0, 0));
        _peer.Collections.All().Should().HaveCount(1500);
    }

    [Theory]
    [InlineData("mongodb://127.0.0.1:1", "names no database")]
    [InlineData("mongodb://user:s3cret@:bad:/x", "cannot be understood")]
    public async Task A_wrong_address_is_told_without_its_password(string address, string message)
    {
        var wrong = () => ExportAsync(all => all with { To = address });

        (await wrong.Should().ThrowAsync<TargetException>()).Which.Message.Should().Contain(message).And.NotContain("s3cret");
    }

    private Task<ExportSummary> ExportAsync(Func<ExportTasks, ExportTasks>? with = null)
    {
        var command = new ExportTasks(_peer.Uri(), ExportFormat.MongoDb);
        return new ExportTasksHandler(database.DataSource).Handle(with is null ? command : with(command), Cancel);
    }
}
