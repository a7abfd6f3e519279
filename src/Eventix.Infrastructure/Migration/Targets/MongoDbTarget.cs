using Eventix.Application.Migration;
using Eventix.Infrastructure.Migration.Sources;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Eventix.Infrastructure.Migration.Targets;

/// <summary>
/// The collection `task` of a running MongoDB. Documents are replaced or added by `_id`, in batches: what was written stays when it breaks off,
/// and another run writes the same again.
/// </summary>
internal sealed class MongoDbTarget : IExportTarget
{
    private const int BatchSize = 1000;
    private const long LargestBatchBytes = 16 * 1024 * 1024;

    private static readonly BulkWriteOptions InAnyOrder = new() { IsOrdered = false };

    private readonly MongoClient _client;
    private readonly IMongoCollection<RawBsonDocument> _tasks;
    private readonly List<WriteModel<RawBsonDocument>> _batch = [];
    private long _batchBytes;

    private MongoDbTarget(MongoClient client, IMongoCollection<RawBsonDocument> tasks)
    {
        _client = client;
        _tasks = tasks;
    }

    /// <exception cref="TargetException">It is no address, the collection holds something and is not to be replaced, or the server fails.</exception>
    public static async Task<MongoDbTarget> OpenAsync(ExportTasks command, CancellationToken cancellationToken)
    {
        var client = Connect(command.To, out var database);
        try
        {
            var tasks = client.GetDatabase(database).GetCollection<RawBsonDocument>(MongoSource.Collection);
            if (!command.Replace && await AskAsync(() => tasks.Find(new BsonDocument()).Limit(1).AnyAsync(cancellationToken)))
                throw new TargetException(
                    $"The collection '{MongoSource.Collection}' of '{database}' is not empty: name another database, or give --replace to replace what has "
                        + "the same _id."
                );

            return new MongoDbTarget(client, tasks);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public async Task WriteAsync(TaskDocument document, CancellationToken cancellationToken)
    {
        var byId = Builders<RawBsonDocument>.Filter.Eq("_id", document.Task.Uid);
        _batch.Add(new ReplaceOneModel<RawBsonDocument>(byId, new RawBsonDocument(document.Bson)) { IsUpsert = true });
        _batchBytes += document.Bson.Length;
        if (_batch.Count >= BatchSize || _batchBytes >= LargestBatchBytes)
            await FlushAsync(cancellationToken);
    }

    /// <summary>Takes documents out. Returns how many there were.</summary>
    public async Task<long> RemoveAsync(IReadOnlyCollection<string> uids, CancellationToken cancellationToken)
    {
        var byId = Builders<RawBsonDocument>.Filter.In("_id", uids);
        var removed = await AskAsync(() => _tasks.DeleteManyAsync(byId, cancellationToken));
        return removed.DeletedCount;
    }

    public Task CompleteAsync(CancellationToken cancellationToken) => FlushAsync(cancellationToken);

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private static MongoClient Connect(string uri, out string database)
    {
        try
        {
            return MongoSource.Connect(uri, out database);
        }
        catch (SourceException mistake)
        {
            throw new TargetException(mistake.Message, mistake.IsTransient, mistake);
        }
    }

    private static async Task<T> AskAsync<T>(Func<Task<T>> question)
    {
        try
        {
            return await question();
        }
        catch (Exception failure) when (failure is MongoException or TimeoutException)
        {
            throw new TargetException($"MongoDB failed: {MongoSource.FirstLine(failure)}", isTransient: true, failure);
        }
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_batch.Count == 0)
            return;

        await AskAsync(() => _tasks.BulkWriteAsync(_batch, InAnyOrder, cancellationToken));
        _batch.Clear();
        _batchBytes = 0;
    }
}
