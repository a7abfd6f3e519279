using Eventix.Testing.Migration;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Eventix.Infrastructure.Tests.Migration.Sources;

/// <summary>The peer does for the driver what the tests that use it rely on.</summary>
public sealed class MongoPeerTests : IAsyncDisposable
{
    private readonly MongoPeer _peer = new();
    private readonly MongoClient _client;
    private readonly IMongoCollection<BsonDocument> _tasks;

    public MongoPeerTests()
    {
        _client = new MongoClient(_peer.Uri());
        _tasks = _client.GetDatabase("eventix").GetCollection<BsonDocument>("task");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _peer.DisposeAsync();
    }

    [Fact]
    public async Task Documents_are_inserted_replaced_updated_deleted_and_counted()
    {
        await _tasks.InsertManyAsync(
            Enumerable.Range(0, 2500).Select(n => new BsonDocument { { "_id", $"{n:d4}" }, { "n", n } }),
            null,
            Cancel
        );
        await _tasks.BulkWriteAsync(
            [
                new ReplaceOneModel<BsonDocument>(new BsonDocument("_id", "0007"), new BsonDocument { { "_id", "0007" }, { "n", -7 } })
                {
                    IsUpsert = true,
                },
                new ReplaceOneModel<BsonDocument>(new BsonDocument("_id", "new"), new BsonDocument { { "_id", "new" }, { "n", 1 } })
                {
                    IsUpsert = true,
                },
                new UpdateOneModel<BsonDocument>(new BsonDocument("_id", "0008"), new BsonDocument("$set", new BsonDocument("n", -8))),
                new DeleteOneModel<BsonDocument>(new BsonDocument("_id", "0009")),
            ],
            null,
            Cancel
        );

        (await _tasks.CountDocumentsAsync(new BsonDocument(), null, Cancel)).Should().Be(2500);
        (await _tasks.CountDocumentsAsync(new BsonDocument("n", new BsonDocument("$lt", 0)), null, Cancel)).Should().Be(2);
        (await _tasks.Find(new BsonDocument("_id", new BsonDocument("$in", new BsonArray { "new", "0009" }))).SingleAsync(Cancel))["_id"]
            .AsString.Should()
            .Be("new");
        (await _tasks.Find(new BsonDocument()).Sort(new BsonDocument("n", -1)).Skip(1).Limit(2).ToListAsync(Cancel))
            .Select(document => document["n"].AsInt32)
            .Should()
            .Equal(2498, 2497);
        (await (await _client.ListDatabaseNamesAsync(Cancel)).ToListAsync(Cancel)).Should().Equal("eventix");
        (await (await _client.GetDatabase("eventix").ListCollectionNamesAsync(null, Cancel)).ToListAsync(Cancel)).Should().Equal("task");
    }

    [Fact]
    public async Task A_second_document_of_one_id_is_refused()
    {
        await _tasks.InsertOneAsync(new BsonDocument("_id", "a"), null, Cancel);

        var inserting = () => _tasks.InsertOneAsync(new BsonDocument("_id", "a"), null, Cancel);

        await inserting.Should().ThrowAsync<MongoWriteException>().WithMessage("*duplicate key*");
    }

    [Fact]
    public async Task A_dropped_command_is_a_broken_connection_for_the_driver()
    {
        _peer.Collections.Put(Enumerable.Range(0, 300).Select(n => new BsonDocument("_id", n)));
        _peer.DropOn = (name, _) => name == "getMore";

        var reading = () => _tasks.Find(new BsonDocument()).ToListAsync(Cancel);

        await reading.Should().ThrowAsync<MongoConnectionException>();
    }
}
