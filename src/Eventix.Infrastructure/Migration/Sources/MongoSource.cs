using System.Runtime.CompilerServices;
using System.Text;
using Eventix.Application.Migration;
using MongoDB.Bson;
using MongoDB.Bson.IO;
using MongoDB.Driver;

namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>
/// The collection `task` of a running MongoDB, read in the order of `_id` by ranges: no cursor lives long, and reading goes on wherever it broke
/// off. A position is the `_id` of a document, as Extended JSON.
/// </summary>
internal sealed class MongoSource : LegacySource
{
    public const string Collection = "task";

    private const int RangeSize = 10_000;
    private const int CursorBatch = 1_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly JsonWriterSettings Canonical = new() { OutputMode = JsonOutputMode.CanonicalExtendedJson };

    private readonly MongoClient _client;
    private readonly IMongoCollection<RawBsonDocument> _tasks;
    private long _read;
    private long? _total;

    private MongoSource(MongoClient client, string database, string name)
    {
        _client = client;
        _tasks = client.GetDatabase(database).GetCollection<RawBsonDocument>(Collection);
        Name = name;
    }

    public override string Name { get; }

    public override double? Progress => _total is > 0 and var total ? Math.Min(1, (double)_read / total) : null;

    public override bool CanFind => true;

    public static bool IsUri(string from) =>
        from.StartsWith("mongodb://", StringComparison.OrdinalIgnoreCase)
        || from.StartsWith("mongodb+srv://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Connects with the first read, not here.</summary>
    /// <exception cref="SourceException">It is no address, or names no database.</exception>
    public static MongoSource Open(string uri)
    {
        var client = Connect(uri, out var database);
        var hosts = string.Join(',', client.Settings.Servers.Select(server => server.ToString()));

        return new MongoSource(client, database, $"mongodb://{hosts}/{database}");
    }

    /// <summary>A client for the address, and the database that it names.</summary>
    /// <exception cref="SourceException">It is no address, or names no database.</exception>
    public static MongoClient Connect(string uri, out string database)
    {
        try
        {
            var url = new MongoUrl(uri);
            database =
                url.DatabaseName
                ?? throw new SourceException(
                    "The mongodb:// address names no database: give it as the path, mongodb://host:port/DATABASE (with ?authSource=admin where needed)."
                );
            var settings = MongoClientSettings.FromUrl(url);
            if (!uri.Contains("serverSelectionTimeout", StringComparison.OrdinalIgnoreCase))
                settings.ServerSelectionTimeout = Patience;

            return new MongoClient(settings);
        }
        catch (Exception mistake) when (mistake is MongoException or ArgumentException or FormatException)
        {
            // The message quotes the address, and with it the password.
            throw new SourceException(
                "The mongodb:// address cannot be understood: mongodb://user:password@host:port/DATABASE?options is its form, with user and password percent-encoded."
            );
        }
        catch (DnsClient.DnsResponseException unknown)
        {
            throw new SourceException($"The mongodb+srv:// address cannot be looked up: {unknown.Code}.", isTransient: true, unknown);
        }
    }

    public override async IAsyncEnumerable<LegacyDocument> ReadAsync(
        string? after,
        DateTimeOffset? since,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var filter = since is null ? [] : NotBefore(since.Value);
        _read = 0;
        _total = await AskAsync(() => _tasks.CountDocumentsAsync(filter, options: null, cancellationToken));

        var last = after is null ? null : BsonDocument.Parse($$"""{"_id":{{after}}}""")["_id"];
        while (true)
        {
            var count = 0;
            using var range = await AskAsync(() => FindRangeAsync(filter, last, cancellationToken));
            while (await AskAsync(() => range.MoveNextAsync(cancellationToken)))
            {
                foreach (var found in range.Current)
                {
                    count++;
                    var document = Take(found, out var id);
                    if (last is not null && id == last)
                        continue;

                    last = id;
                    _read++;
                    yield return new LegacyDocument(document, new LegacyPosition(0, id.ToJson(Canonical)));
                }
            }

            if (count < RangeSize)
                yield break;
        }
    }

    public override async Task<IReadOnlyDictionary<string, byte[]>> FindAsync(
        IReadOnlyCollection<string> uids,
        CancellationToken cancellationToken
    )
    {
        var filter = new BsonDocument("_id", new BsonDocument("$in", new BsonArray(uids)));
        var found = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        using var documents = await AskAsync(() => _tasks.FindAsync(filter, options: null, cancellationToken));
        while (await AskAsync(() => documents.MoveNextAsync(cancellationToken)))
        {
            foreach (var document in documents.Current)
            {
                var bytes = Take(document, out var id);
                found[id.AsString] = bytes;
            }
        }

        return found;
    }

    public override ValueTask DisposeAsync()
    {
        _client.Dispose();
        return base.DisposeAsync();
    }

    // A date before the time is older for sure. Text, or nothing, is compared by whoever reads it.
    private static BsonDocument NotBefore(DateTimeOffset since) =>
        new("updated_time", new BsonDocument("$not", new BsonDocument("$lt", new BsonDateTime(since.UtcDateTime))));

    // By the bounds of the index and not by `$gt`, which compares only ids of one type.
    private Task<IAsyncCursor<RawBsonDocument>> FindRangeAsync(BsonDocument filter, BsonValue? last, CancellationToken cancellationToken)
    {
        var options = new FindOptions<RawBsonDocument>
        {
            Sort = new BsonDocument("_id", 1),
            Limit = RangeSize,
            BatchSize = CursorBatch,
        };
        if (last is not null)
        {
            options.Hint = new BsonDocument("_id", 1);
            options.Min = new BsonDocument("_id", last);
        }

        return _tasks.FindAsync(filter, options, cancellationToken);
    }

    private static byte[] Take(RawBsonDocument document, out BsonValue id)
    {
        using (document)
        {
            var slice = document.Slice;
            var bytes = new byte[slice.Length];
            slice.GetBytes(0, bytes, 0, bytes.Length);
            id = IdOf(document, bytes);
            return bytes;
        }
    }

    internal static BsonValue IdOf(RawBsonDocument document, byte[] bytes)
    {
        try
        {
            return document.GetValue("_id", BsonNull.Value).DeepClone();
        }
        catch (DecoderFallbackException)
        {
            // A server does not check the text that is put into it. Such a document is rejected, but those behind it must still be found.
            var elements = new BsonElements(bytes);
            while (elements.Next() && !elements.Name.SequenceEqual("_id"u8))
                continue;

            return Encoding.UTF8.GetString(elements.Value[sizeof(int)..^1]);
        }
    }

    private async Task<T> AskAsync<T>(Func<Task<T>> question)
    {
        try
        {
            return await question();
        }
        catch (TimeoutException silent)
        {
            throw new SourceException($"{Name} does not answer: {FirstLine(silent)}", isTransient: true, silent);
        }
        catch (MongoException failure)
        {
            throw new SourceException($"{Name} failed: {FirstLine(failure)}", isTransient: failure is MongoConnectionException, failure);
        }
    }

    // What the driver knows of the whole cluster follows, a kilobyte of it.
    public static string FirstLine(Exception failure)
    {
        var message = (failure.InnerException is { } inner and not MongoException ? $"{failure.Message} {inner.Message}" : failure.Message)
            .Split('\n')[0]
            .Split(". Client view")[0]
            .Split(" selecting a server")[0]
            .TrimEnd('.', ' ');

        return message + ".";
    }
}
