using MongoDB.Bson;
using MongoDB.Bson.IO;
using MongoDB.Bson.Serialization;
using MongoDB.Bson.Serialization.Serializers;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>Documents of a queue that has lived long: good ones, and ones with whatever may stand in a field, made up from a seed.</summary>
internal sealed class ThrownDocuments(int seed)
{
    private const string NotUtf8 = "#not#utf8#";

    private static readonly string[] Fields =
    [
        "_id",
        "_rev",
        "version",
        "created_time",
        "updated_time",
        "unique_key",
        "eta",
        "scheduled",
        "status",
        "priority",
        "namespace",
        "task",
        "args",
        "kwargs",
        "worker_id",
        "worker_expires",
        "retry",
        "max_retries",
        "error_eta_inc",
        "error_eta_max",
        "store_result",
        "result",
        "error_expires",
        "result_expires",
        "expires",
        "operator",
    ];

    private static readonly BsonValue[] Texts =
    [
        "",
        " ",
        new string('x', 5000),
        "a\0b",
        "ü🚚",
        "\uFFFF",
        NotUtf8,
        "None",
        "null",
        "../../etc/passwd",
        "%2F a/b",
        "'; DROP TABLE eventix_task; --",
    ];

    private static readonly BsonValue[] Numbers =
    [
        0,
        -1,
        int.MinValue,
        int.MaxValue,
        2147483648L,
        long.MinValue,
        long.MaxValue,
        3.0,
        -0.0,
        3.5,
        1e300,
        double.NaN,
        double.PositiveInfinity,
        "7",
        " 7 ",
        "7.0",
        "7.5",
        "1_000",
        "0x7",
        "1e3",
        "",
        true,
        false,
        "yes",
        "Off",
        "maybe",
        2,
        new BsonDecimal128(Decimal128.Parse("7")),
    ];

    private static readonly BsonValue[] Times =
    [
        new BsonDateTime(0),
        new BsonDateTime(-1),
        new BsonDateTime(-62135596800000),
        new BsonDateTime(-62135596800001),
        new BsonDateTime(253402300799999),
        new BsonDateTime(253402300800000),
        new BsonDateTime(long.MinValue),
        new BsonDateTime(long.MaxValue),
        new BsonDateTime(1000000000000),
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00",
        "2026-03-01T12:00:00+02:00",
        "2026-03-01 12:00:00.123456",
        "2026-03-01T12:00:00.1234567+0530",
        "2026-03-01",
        "2026-03-01T12:00",
        "0001-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-01:00",
        "2026-02-30T12:00:00Z",
        "20260301T120000Z",
        "2026-03-01T24:00:00Z",
        "tomorrow",
        "",
        "1772366400",
        1772366400,
        1772366400000L,
        1772366400.25,
        double.NaN,
        -1e18,
        true,
    ];

    private static readonly BsonValue[] Stati =
    [
        "scheduled",
        "processing",
        "done",
        "error",
        "retry",
        "Scheduled",
        "DONE",
        " done",
        "",
        "running",
        1,
    ];

    private static readonly BsonValue[] Revisions =
    [
        "1-5f3ad886911c5539b1d326df9c5b06e0",
        "0-5f3ad886911c5539b1d326df9c5b06e0",
        "7",
        "7-",
        "-7",
        "abc",
        "",
        "9223372036854775807-5f3ad886911c5539b1d326df9c5b06e0",
        "99999999999999999999-5f3ad886911c5539b1d326df9c5b06e0",
        "3-a\0b",
        new string('9', 300),
        7,
        7.0,
        BsonNull.Value,
        new BsonArray { 1 },
    ];

    private readonly Random _random = new(seed);
    private readonly SomeBson _some = new(seed);
    private int _made;

    /// <summary>The documents, as a `.bson` file holds them one after another.</summary>
    public List<byte[]> Make(int count)
    {
        var documents = Enumerable.Range(0, count).Select(_ => Document()).ToList();

        // A file may hold one document twice.
        documents.Add(documents[_random.Next(count)]);
        documents.Add(ToBson(Full().Set("_id", "")));
        return documents;
    }

    /// <summary>A document with every field set, as the old server wrote it.</summary>
    public BsonDocument Full()
    {
        _made++;
        var created = new BsonDateTime(1772366400000 + _random.Next(1000));
        return new BsonDocument(allowDuplicateNames: true)
        {
            { "_id", $"thrown-{_made:d5}" },
            { "_rev", $"{_random.Next(1, 9)}-5f3ad886911c5539b1d326df9c5b06e0" },
            { "version", 1 },
            { "created_time", created },
            { "updated_time", created },
            { "unique_key", _random.Next(3) == 0 ? $"key-{_random.Next(8)}" : BsonNull.Value },
            { "eta", new BsonDateTime(1772366400000 + _random.Next(100000)) },
            { "scheduled", created },
            { "status", Stati[_random.Next(5)] },
            { "priority", _random.Next(-5, 5) },
            { "namespace", _random.Next(4) == 0 ? "other" : "default" },
            { "task", "send" },
            { "args", _some.Array() },
            { "kwargs", _some.Document() },
            { "worker_id", _random.Next(4) == 0 ? "w" : BsonNull.Value },
            { "worker_expires", _random.Next(4) == 0 ? new BsonDateTime(1772366400000) : BsonNull.Value },
            { "retry", true },
            { "max_retries", 3 },
            { "error_eta_inc", 15 },
            { "error_eta_max", 300 },
            { "store_result", true },
            { "result", _some.Value(3) },
            { "error_expires", BsonNull.Value },
            { "result_expires", 604800 },
            { "expires", BsonNull.Value },
            { "operator", "unknown" },
        };
    }

    private byte[] Document()
    {
        var document = Full();
        for (var n = _random.Next(3); n > 0; n--)
            Spoil(document, Fields[_random.Next(Fields.Length)]);

        if (_random.Next(10) == 0)
            document.Add($"unknown_{_random.Next(3)}", _some.Value(3));
        if (_random.Next(30) == 0)
            document.Add("priority", 4);
        if (_random.Next(20) == 0)
            document = new BsonDocument(document.Elements.OrderBy(_ => _random.Next()).DistinctBy(element => element.Name));

        return ToBson(document);
    }

    private void Spoil(BsonDocument document, string field)
    {
        switch (_random.Next(4))
        {
            case 0:
                document.Remove(field);
                break;
            case 1:
                document.Set(document.IndexOfName(field) is >= 0 and var at ? at : 0, BsonNull.Value);
                break;
            case 2:
                Put(document, field, _some.Value(3));
                break;
            default:
                Put(document, field, Edge(field));
                break;
        }
    }

    private static void Put(BsonDocument document, string field, BsonValue value)
    {
        var at = document.IndexOfName(field);
        if (at >= 0)
            document.Set(at, value);
        else
            document.Add(field, value);
    }

    private BsonValue Edge(string field) =>
        field switch
        {
            "_rev" => Pick(Revisions),
            "status" => Pick(Stati),
            "args" or "kwargs" or "result" => Pick<BsonValue>([
                Deep(90),
                Deep(198),
                Deep(201),
                Deep(3000),
                new BsonArray(),
                new BsonDocument(),
                "",
            ]),
            "created_time" or "updated_time" or "eta" or "scheduled" or "worker_expires" or "expires" => Pick(Times),
            "_id" => Pick(Texts).AsString + _made,
            "task" or "namespace" or "unique_key" or "worker_id" or "operator" => Pick(Texts),
            _ => Pick(Numbers),
        };

    /// <summary>Documents in documents; the driver's own writer ends at a hundred.</summary>
    private static RawBsonDocument Deep(int levels)
    {
        var bson = new BsonDocument("a", "end").ToBson();
        for (var level = 1; level < levels; level++)
            bson = [.. BitConverter.GetBytes(bson.Length + 8), 3, (byte)'a', 0, .. bson, 0];

        return new RawBsonDocument(bson);
    }

    private static byte[] ToBson(BsonDocument document)
    {
        var bson = document.ToBson(serializer: BsonDocumentSerializer.Instance);
        ReadOnlySpan<byte> marked = "#not#utf8#"u8;
        for (int at; (at = bson.AsSpan().IndexOf(marked)) >= 0; )
            new byte[] { 0xed, 0xa0, 0x80, (byte)'a', 0xff, 0xc0, 0x80, 0xfe, (byte)'b', 0x80 }.CopyTo(bson, at);

        return bson;
    }

    private T Pick<T>(T[] values) => values[_random.Next(values.Length)];
}
