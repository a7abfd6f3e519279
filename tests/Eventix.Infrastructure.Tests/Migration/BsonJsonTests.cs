using System.Buffers;
using System.Text;
using System.Text.Json;
using Eventix.Infrastructure.Migration;
using MongoDB.Bson;
using MongoDB.Bson.IO;

namespace Eventix.Infrastructure.Tests.Migration;

public sealed class BsonJsonTests
{
    private static readonly DateTime March = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    public static TheoryData<string, BsonValue, string> JsonTypes =>
        new()
        {
            { "text", "Pokémon 日本語 🚚", "\"Pokémon 日本語 🚚\"" },
            { "controls", "a\0b\n\t\"\\/\u007f\u0001", "\"a\\u0000b\\n\\t\\\"\\\\/\u007f\\u0001\"" },
            { "null", BsonNull.Value, "null" },
            { "true", true, "true" },
            { "int", 7, "7" },
            { "long", 9007199254740993L, "9007199254740993" },
            { "smallest long", long.MinValue, "-9223372036854775808" },
            { "double", 3.5, "3.5" },
            { "whole double", 1.0, "1.0" },
            { "negative zero", new BsonDouble(-0.0), "-0.0" },
            { "tenth", 0.1, "0.1" },
            { "large double", 1e300, "1E+300" },
            { "not a number", double.NaN, "null" },
            { "infinity", double.PositiveInfinity, "null" },
            { "negative infinity", double.NegativeInfinity, "null" },
            {
                "array",
                new BsonArray { 1, "zwei", BsonNull.Value, new BsonDocument("drei", 3.5) },
                """[1,"zwei",null,{"drei":3.5}]"""
            },
            {
                "empty",
                new BsonDocument { { "a", new BsonArray() }, { "d", new BsonDocument() } },
                """{"a":[],"d":{}}"""
            },
            {
                "keys",
                new BsonDocument { { "$set", 1 }, { "a.b", new BsonDocument("🚚", 2) } },
                """{"$set":1,"a.b":{"🚚":2}}"""
            },
        };

    public static TheoryData<string, BsonValue, string> OtherTypes =>
        new()
        {
            { "date", new BsonDateTime(March), """{"$date":"2026-03-01T12:00:00Z"}""" },
            { "date with milliseconds", new BsonDateTime(March.AddMilliseconds(20)), """{"$date":"2026-03-01T12:00:00.020Z"}""" },
            { "old date", new BsonDateTime(-1), """{"$date":{"$numberLong":"-1"}}""" },
            { "far date", new BsonDateTime(253402300800001), """{"$date":{"$numberLong":"253402300800001"}}""" },
            { "object id", ObjectId.Parse("65f000000000000000000001"), """{"$oid":"65f000000000000000000001"}""" },
            { "decimal", Decimal128.Parse("12.3400"), """{"$numberDecimal":"12.3400"}""" },
            { "binary", new BsonBinaryData([0, 1, 255]), """{"$binary":{"base64":"AAH/","subType":"00"}}""" },
            { "old binary", new BsonBinaryData([7], (BsonBinarySubType)2), """{"$binary":{"base64":"Bw==","subType":"02"}}""" },
            { "regex", new BsonRegularExpression("^a\".*z$", "i"), """{"$regularExpression":{"pattern":"^a\".*z$","options":"i"}}""" },
            { "timestamp", new BsonTimestamp(1700000000, 1), """{"$timestamp":{"t":1700000000,"i":1}}""" },
            { "code", new BsonJavaScript("f()"), """{"$code":"f()"}""" },
            { "code with scope", new BsonJavaScriptWithScope("f()", new BsonDocument("x", 1)), """{"$code":"f()","$scope":{"x":1}}""" },
            { "symbol", BsonSymbol.Create("s"), """{"$symbol":"s"}""" },
            { "undefined", BsonUndefined.Value, """{"$undefined":true}""" },
            { "smallest key", BsonMinKey.Value, """{"$minKey":1}""" },
            { "largest key", BsonMaxKey.Value, """{"$maxKey":1}""" },
        };

    [Theory]
    [MemberData(nameof(JsonTypes), DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(OtherTypes), DisableDiscoveryEnumeration = true)]
    public void Every_type_has_a_plain_form(string type, BsonValue value, string json) =>
        Write(value, BsonJsonForm.Plain).Should().Be(json, $"this is how a {type} is written");

    [Theory]
    [MemberData(nameof(JsonTypes), DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(OtherTypes), DisableDiscoveryEnumeration = true)]
    public void The_canonical_form_gives_every_value_back(string type, BsonValue value, string json)
    {
        _ = json;

        var back = BsonDocument.Parse($$"""{"v":{{Write(value, BsonJsonForm.Canonical)}}}""")["v"];

        back.Should().Be(value, $"nothing of a {type} is lost");
        back.BsonType.Should().Be(value.BsonType);
    }

    [Theory]
    [MemberData(nameof(OtherTypes), DisableDiscoveryEnumeration = true)]
    public void What_json_has_no_type_for_can_be_turned_back_from_the_plain_form(string type, BsonValue value, string json) =>
        BsonDocument.Parse($$"""{"v":{{json}}}""")["v"].Should().Be(value, $"nothing of a {type} is lost");

    [Fact]
    public void Numbers_keep_their_type_in_the_canonical_form()
    {
        Write(7, BsonJsonForm.Canonical).Should().Be("""{"$numberInt":"7"}""");
        Write(7L, BsonJsonForm.Canonical).Should().Be("""{"$numberLong":"7"}""");
        Write(7.0, BsonJsonForm.Canonical).Should().Be("""{"$numberDouble":"7.0"}""");
        Write(double.NegativeInfinity, BsonJsonForm.Canonical).Should().Be("""{"$numberDouble":"-Infinity"}""");
        Write(new BsonDateTime(March), BsonJsonForm.Canonical).Should().Be("""{"$date":{"$numberLong":"1772366400000"}}""");
    }

    [Fact]
    public void A_hundred_levels_are_written()
    {
        BsonValue value = 1;
        for (var level = 0; level < 99; level++)
            value = new BsonArray { value };

        Write(value, BsonJsonForm.Plain).Should().Be(new string('[', 99) + "1" + new string(']', 99));
    }

    [Fact]
    public void Endless_nesting_is_refused_before_the_stack_ends()
    {
        var depth = 100_000;

        // An array of one array, of one array …: type, name "0", length, and a zero at each end.
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        for (var level = depth; level > 0; level--)
            writer.Write([.. BitConverter.GetBytes(5 + (level * 8)), 4, .. "0\0"u8]);
        writer.Write([5, 0, 0, 0, 0]);
        for (var level = 0; level < depth; level++)
            writer.Write((byte)0);

        var writing = () => WriteDocument(stream.ToArray(), BsonJsonForm.Plain);

        writing.Should().Throw<FormatException>().WithMessage("*200 levels*");
    }

    private static string Write(BsonValue value, BsonJsonForm form)
    {
        var json = WriteDocument(
            new BsonDocument("v", value).ToBson(writerSettings: new BsonBinaryWriterSettings { FixOldBinarySubTypeOnOutput = false }),
            form
        );
        json.Should().StartWith("{\"v\":").And.EndWith("}");
        using var parsed = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 300 });

        return json[5..^1];
    }

    private static string WriteDocument(byte[] document, BsonJsonForm form)
    {
        var json = new ArrayBufferWriter<byte>();
        BsonJson.Write(BsonType.Document, document, json, form);

        return Encoding.UTF8.GetString(json.WrittenSpan);
    }
}
