using MongoDB.Bson;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>Values of every type of BSON, made up from a seed.</summary>
internal sealed class SomeBson(int seed)
{
    private static readonly string[] Texts =
    [
        "",
        "a",
        "Pokémon 🚚",
        "\0",
        "\"\\\n\u001f\u007f",
        "2026-03-01T12:00:00Z",
        "$date",
        new('x', 300),
    ];

    private static readonly string[] Names =
    [
        "a",
        "b",
        "",
        "$set",
        "a.b",
        "ü",
        "_id",
        "$date",
        "$oid",
        "$numberLong",
        "$code",
        "$scope",
        "$binary",
        "🚚",
    ];

    private static readonly long[] Milliseconds =
    [
        0,
        -1,
        1,
        999,
        1000,
        1772366400000,
        1772366400123,
        253402300799999,
        253402300800000,
        long.MinValue,
        long.MaxValue,
    ];

    private readonly Random _random = new(seed);

    public BsonDocument Document(int depth = 4)
    {
        var document = new BsonDocument();
        for (var n = _random.Next(5); n > 0; n--)
            document[Pick(Names)] = Value(depth - 1);

        return document;
    }

    public BsonArray Array(int depth = 4) => new(Enumerable.Range(0, _random.Next(5)).Select(_ => Value(depth - 1)));

    public BsonValue Value(int depth) =>
        _random.Next(depth <= 0 ? 2 : 0, 21) switch
        {
            0 => Document(depth),
            1 => Array(depth),
            2 => Pick(Texts),
            3 => _random.Next(2) == 0,
            4 => BsonNull.Value,
            5 => _random.Next(int.MinValue, int.MaxValue),
            6 => _random.Next(10),
            7 => _random.NextInt64(),
            8 => new BsonInt64(_random.Next()),
            9 => _random.NextDouble() * Math.Pow(10, _random.Next(-300, 300)),
            10 => Pick([0d, -0d, 1d, 1e300, double.Epsilon, double.NaN, double.PositiveInfinity, double.NegativeInfinity]),
            11 => new BsonDateTime(Pick(Milliseconds)),
            12 => new ObjectId(Bytes(12)),
            13 => new BsonDecimal128(Decimal128.Parse(Pick(["12.3400", "NaN", "-Infinity", "0E-6176", "1E+3"]))),
            14 => new BsonBinaryData(Bytes(_random.Next(20)), (BsonBinarySubType)Pick([0, 1, 2, 5, 0x80, 0xff])),
            15 => new BsonRegularExpression(Pick(["^a.*z$", "\"/\\", ""]), Pick(["", "i", "ms"])),
            16 => new BsonTimestamp(_random.NextInt64()),
            17 => new BsonJavaScript(Pick(Texts)),
            18 => new BsonJavaScriptWithScope("f()", Document(depth - 1)),
            19 => BsonSymbol.Create(Pick(Texts)),
            _ => Pick<BsonValue>([BsonUndefined.Value, BsonMinKey.Value, BsonMaxKey.Value]),
        };

    private T Pick<T>(T[] values) => values[_random.Next(values.Length)];

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }
}
