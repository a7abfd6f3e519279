using System.Collections.Concurrent;
using MongoDB.Bson;

namespace Eventix.Testing.Migration;

/// <summary>What a <see cref="MongoPeer"/> holds: documents by `_id`, in its order, in collections of databases.</summary>
public sealed class MongoCollections
{
    private readonly ConcurrentDictionary<string, SortedDictionary<BsonValue, BsonDocument>> _byName = new(StringComparer.Ordinal);

    /// <summary>`database.collection` of all that were ever written to.</summary>
    public IReadOnlyList<string> Names => [.. _byName.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Adds documents, or replaces those of the same `_id`.</summary>
    public void Put(IEnumerable<BsonDocument> documents, string name = "eventix.task")
    {
        Change<object?>(
            name,
            collection =>
            {
                foreach (var document in documents)
                    collection[document["_id"]] = document;

                return null;
            }
        );
    }

    public bool Remove(BsonValue id, string name = "eventix.task") => Change(name, collection => collection.Remove(id));

    /// <summary>All documents as they are at this moment, in the order of `_id`.</summary>
    public IReadOnlyList<BsonDocument> All(string name = "eventix.task") => Change(name, collection => collection.Values.ToList());

    /// <summary>Works on a collection while nobody else does.</summary>
    internal T Change<T>(string name, Func<SortedDictionary<BsonValue, BsonDocument>, T> work)
    {
        var collection = _byName.GetOrAdd(name, _ => []);
        lock (collection)
            return work(collection);
    }
}
