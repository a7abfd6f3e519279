using System.Collections.Concurrent;
using MongoDB.Bson;

namespace Eventix.Testing.Migration;

/// <summary>Answers the commands of the wire protocol.</summary>
internal sealed class MongoCommands(MongoCollections collections)
{
    private const int MaxMessageBytes = 48_000_000;

    // Of MongoDB 7.0. The driver refuses anything older than 4.4, which is 9.
    private const int WireVersion = 21;

    private readonly ConcurrentDictionary<long, (string Name, Queue<BsonDocument> Left)> _cursors = new();
    private long _lastCursor = 1000;

    public BsonDocument Answer(string name, BsonDocument command)
    {
        var database = command.GetValue("$db", "admin").AsString;
        try
        {
            return name.ToLowerInvariant() switch
            {
                "hello" or "ismaster" => Greeting(),
                "buildinfo" => Ok(
                    new()
                    {
                        { "version", "7.0.0" },
                        {
                            "versionArray",
                            new BsonArray { 7, 0, 0, 0 }
                        },
                    }
                ),
                "ping" or "endsessions" or "createindexes" => Ok([]),
                "killcursors" => KillCursors(command),
                "listdatabases" => ListDatabases(),
                "listcollections" => ListCollections(database),
                "insert" => Insert($"{database}.{command[0].AsString}", command),
                "update" => Update($"{database}.{command[0].AsString}", command),
                "delete" => Delete($"{database}.{command[0].AsString}", command),
                "find" => Find($"{database}.{command[0].AsString}", command),
                "getmore" => GetMore(command),
                "count" => Ok(new("n", Matching($"{database}.{command[0].AsString}", command.GetValue("query", new BsonDocument())).Count)),
                "aggregate" => Aggregate($"{database}.{command[0].AsString}", command),
                _ => Error(59, "CommandNotFound", $"no such command: '{name}'"),
            };
        }
        catch (NotSupportedException unknown)
        {
            return Error(2, "BadValue", unknown.Message);
        }
    }

    private static BsonDocument Greeting() =>
        Ok(
            new()
            {
                { "helloOk", true },
                { "isWritablePrimary", true },
                { "ismaster", true },
                { "maxBsonObjectSize", 16 << 20 },
                { "maxMessageSizeBytes", MaxMessageBytes },
                { "maxWriteBatchSize", 100_000 },
                { "localTime", DateTime.UtcNow },
                { "minWireVersion", 0 },
                { "maxWireVersion", WireVersion },
                { "readOnly", false },
                { "connectionId", 1 },
            }
        );

    private BsonDocument KillCursors(BsonDocument command)
    {
        var killed = new BsonArray(command["cursors"].AsBsonArray.Where(id => _cursors.TryRemove(id.ToInt64(), out _)));
        return Ok(new("cursorsKilled", killed));
    }

    private BsonDocument ListDatabases()
    {
        var names = collections.Names.Select(name => name.Split('.')[0]).Distinct(StringComparer.Ordinal);
        return Ok(
            new(
                "databases",
                new BsonArray(
                    names.Select(name => new BsonDocument
                    {
                        { "name", name },
                        { "sizeOnDisk", 1 },
                        { "empty", false },
                    })
                )
            )
        );
    }

    private BsonDocument ListCollections(string database)
    {
        var names = collections.Names.Where(name => name.StartsWith(database + ".", StringComparison.Ordinal));
        return Cursor(
            database + ".$cmd.listCollections",
            names.Select(name => new BsonDocument
            {
                { "name", name[(database.Length + 1)..] },
                { "type", "collection" },
                { "options", new BsonDocument() },
            }),
            int.MaxValue
        );
    }

    private BsonDocument Insert(string name, BsonDocument command)
    {
        var (written, errors) = (0, new BsonArray());
        var documents = command["documents"].AsBsonArray;
        for (var n = 0; n < documents.Count; n++)
        {
            var document = documents[n].AsBsonDocument;
            if (collections.Change(name, collection => collection.TryAdd(document["_id"], document)))
            {
                written++;
                continue;
            }

            errors.Add(
                new BsonDocument
                {
                    { "index", n },
                    { "code", 11000 },
                    { "errmsg", $"E11000 duplicate key error collection: {name} index: _id_ dup key" },
                }
            );
            if (command.GetValue("ordered", true).ToBoolean())
                break;
        }

        return Ok(errors.Count == 0 ? new("n", written) : new() { { "n", written }, { "writeErrors", errors } });
    }

    private BsonDocument Update(string name, BsonDocument command)
    {
        var (matched, modified, upserted) = (0, 0, new BsonArray());
        var updates = command["updates"].AsBsonArray;
        for (var n = 0; n < updates.Count; n++)
        {
            var update = updates[n].AsBsonDocument;
            var found = Matching(name, update["q"]);
            foreach (var document in update.GetValue("multi", false).ToBoolean() ? found : found.Take(1))
            {
                var changed = MongoQuery.Updated(document, update["u"].AsBsonDocument);
                collections.Put([changed], name);
                matched++;
                modified += changed.Equals(document) ? 0 : 1;
            }

            if (found.Count > 0 || !update.GetValue("upsert", false).ToBoolean())
                continue;

            var added = MongoQuery.Updated(new BsonDocument("_id", update["q"]["_id"]), update["u"].AsBsonDocument);
            collections.Put([added], name);
            upserted.Add(new BsonDocument { { "index", n }, { "_id", added["_id"] } });
        }

        var answer = new BsonDocument { { "n", matched + upserted.Count }, { "nModified", modified } };
        if (upserted.Count > 0)
            answer["upserted"] = upserted;

        return Ok(answer);
    }

    private BsonDocument Delete(string name, BsonDocument command)
    {
        var deleted = 0;
        foreach (var delete in command["deletes"].AsBsonArray.Select(each => each.AsBsonDocument))
        {
            const int Every = int.MaxValue;
            var limit = delete.GetValue("limit", 0).ToInt32();
            deleted += Matching(name, delete["q"])
                .Take(limit == 0 ? Every : limit)
                .Count(document => collections.Remove(document["_id"], name));
        }

        return Ok(new("n", deleted));
    }

    private BsonDocument Find(string name, BsonDocument command)
    {
        IEnumerable<BsonDocument> found = Matching(name, command.GetValue("filter", new BsonDocument()));
        if (command.TryGetValue("min", out var min))
            found = found.Where(document => document["_id"].CompareTo(min["_id"]) >= 0);
        if (command.TryGetValue("sort", out var sort))
            found = MongoQuery.Sorted(found, sort.AsBsonDocument);
        if (command.TryGetValue("skip", out var skip))
            found = found.Skip(skip.ToInt32());
        if (command.TryGetValue("limit", out var limit) && limit.ToInt32() > 0)
            found = found.Take(limit.ToInt32());

        const int FirstBatch = 101;
        return Cursor(name, found, command.GetValue("batchSize", FirstBatch).ToInt32());
    }

    private BsonDocument GetMore(BsonDocument command)
    {
        var id = command[0].ToInt64();
        if (!_cursors.TryGetValue(id, out var cursor))
            return Error(43, "CursorNotFound", $"cursor id {id} not found");

        var batch = Take(cursor.Left, command.GetValue("batchSize", 1000).ToInt32());
        if (cursor.Left.Count == 0)
            _cursors.TryRemove(id, out _);

        return Ok(
            new(
                "cursor",
                new BsonDocument
                {
                    { "nextBatch", batch },
                    { "id", cursor.Left.Count > 0 ? id : 0L },
                    { "ns", cursor.Name },
                }
            )
        );
    }

    // Only what counting is sent as: a match, a group.
    private BsonDocument Aggregate(string name, BsonDocument command)
    {
        var stages = command["pipeline"].AsBsonArray.Select(stage => stage.AsBsonDocument).ToList();
        if (stages.Find(stage => stage.GetElement(0).Name is not ("$match" or "$group" or "$skip" or "$limit")) is { } unknown)
            throw new NotSupportedException($"The stage {unknown.GetElement(0).Name} is not known to the peer.");

        var match = stages.Find(stage => stage.Contains("$match"))?["$match"] ?? new BsonDocument();
        var count = Matching(name, match).Count;
        return Cursor(name, count == 0 ? [] : [new BsonDocument { { "_id", 1 }, { "n", count } }], int.MaxValue);
    }

    private List<BsonDocument> Matching(string name, BsonValue filter) =>
        [.. collections.All(name).Where(document => MongoQuery.Matches(document, filter.AsBsonDocument))];

    private BsonDocument Cursor(string name, IEnumerable<BsonDocument> documents, int batchSize)
    {
        var left = new Queue<BsonDocument>(documents);
        var first = Take(left, batchSize);
        var id = left.Count > 0 ? Interlocked.Increment(ref _lastCursor) : 0;
        if (id > 0)
            _cursors[id] = (name, left);

        return Ok(
            new(
                "cursor",
                new BsonDocument
                {
                    { "firstBatch", first },
                    { "id", id },
                    { "ns", name },
                }
            )
        );
    }

    // As many as asked for, but no more than a message holds.
    private static BsonArray Take(Queue<BsonDocument> left, int count)
    {
        var batch = new BsonArray();
        for (var bytes = 0; count > 0 && bytes < MaxMessageBytes / 3 && left.TryDequeue(out var document); count--)
        {
            batch.Add(document);
            bytes += document.ToBson(writerSettings: new() { MaxSerializationDepth = 500 }).Length;
        }

        return batch;
    }

    private static BsonDocument Ok(BsonDocument answer) => answer.Add("ok", 1.0);

    private static BsonDocument Error(int code, string name, string message) =>
        new()
        {
            { "ok", 0.0 },
            { "errmsg", message },
            { "code", code },
            { "codeName", name },
        };
}
