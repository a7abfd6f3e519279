using System.Text;
using Eventix.Application;
using Eventix.Application.Tasks;
using Eventix.Infrastructure.Migration;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection;
using MongoDB.Bson;
using MongoDB.Bson.IO;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>What the import makes of args, kwargs and results can be turned back, to the byte.</summary>
public sealed class OriginalValuesTests
{
    private static readonly IValidator<NewTask> Rules = new ServiceCollection()
        .AddApplication()
        .BuildServiceProvider()
        .GetRequiredService<IValidator<NewTask>>();

    public static TheoryData<string, BsonValue, bool> Values =>
        new()
        {
            {
                "plain",
                new BsonDocument
                {
                    { "a", 1 },
                    { "b", 3.5 },
                    { "c", "x\0y" },
                    { "d", BsonNull.Value },
                    { "e", true },
                },
                true
            },
            { "whole double", 1.0, true },
            { "large integer", 9007199254740993L, true },
            { "small long", 7L, false },
            { "not a number", double.NaN, false },
            { "infinity", double.NegativeInfinity, false },
            { "negative zero", new BsonDouble(-0.0), true },
            { "date", new BsonDateTime(1772366400123), false },
            { "year 1", new BsonDateTime(-62135596800000), false },
            { "far beyond", new BsonDateTime(long.MaxValue), false },
            { "own $date", new BsonDocument("$date", "2026-03-01T12:00:00Z"), true },
            { "own $oid", new BsonDocument("$oid", "65f000000000000000000001"), true },
            { "own $numberLong", new BsonDocument("$numberLong", "7"), true },
            {
                "operators",
                new BsonDocument { { "$set", new BsonDocument("a.b", 1) }, { "$gt", 2 } },
                true
            },
            { "decimal", Decimal128.Parse("12.3400"), false },
            { "decimal infinity", Decimal128.NegativeInfinity, false },
            { "old binary", new BsonBinaryData([7, 8], (BsonBinarySubType)2), false },
            { "uuid", new BsonBinaryData(Guid.Empty, GuidRepresentation.Standard), false },
            { "regex", new BsonRegularExpression("^a\".*z$", "imx"), false },
            { "timestamp", new BsonTimestamp(-1), false },
            { "code", new BsonJavaScriptWithScope("f()", new BsonDocument("at", new BsonDateTime(1))), false },
            { "symbol", BsonSymbol.Create("s"), false },
            { "undefined", BsonUndefined.Value, false },
            {
                "keys",
                new BsonArray { BsonMinKey.Value, BsonMaxKey.Value },
                false
            },
            {
                "mixed",
                new BsonArray { new BsonDocument("$date", "x"), new BsonDateTime(5), "2026-03-01", 1L },
                false
            },
            {
                "empty key",
                new BsonDocument { { "", new BsonArray() } },
                true
            },
        };

    [Theory]
    [MemberData(nameof(Values), DisableDiscoveryEnumeration = true)]
    public void Every_value_comes_back_to_the_byte(string name, BsonValue value, bool jsonIsEnough)
    {
        var document = Document(value);

        var task = Read(document);

        (task.Original is null).Should().Be(jsonIsEnough, $"that is so for a {name}");
        Restored(task).Should().Equal(document);
    }

    [Fact]
    public void A_dbpointer_comes_back_to_the_byte()
    {
        // The driver cannot write one: a date of the right length stands in for it, and is replaced.
        byte[] pointer = [5, 0, 0, 0, .. "user\0"u8, .. Enumerable.Range(1, 12).Select(n => (byte)n)];
        var document = Document(new BsonString(new string('x', pointer.Length - 5)));
        var at = document.AsSpan().LastIndexOf("v\0"u8) - 1;
        document[at] = 0x0c;
        pointer.CopyTo(document, at + 3);

        var task = Read(document);

        Encoding
            .UTF8.GetString(task.Task.Result!.Value.Span)
            .Should()
            .Be("""{"v":{"$dbPointer":{"$ref":"user","$id":{"$oid":"0102030405060708090a0b0c"}}}}""");
        Restored(task).Should().Equal(document);
    }

    [Fact]
    public void The_spaces_of_a_worker_that_wrote_the_same_back_make_no_difference_but_another_value_does()
    {
        var document = Document(new BsonDateTime(1772366400000));
        var original = Read(document).Original;
        original.Should().NotBeNull();

        Type(""" { "v" : {"$date": "2026-03-01T12:00:00Z"} }""").Should().Be(BsonType.DateTime);
        Type("""{"v":{"$date":"2026-03-02T12:00:00Z"}}""").Should().Be(BsonType.Document);

        BsonType Type(string json)
        {
            var bson = new BsonBuffer();
            var begin = bson.Begin();
            OriginalValues.Write(original, "result", Encoding.UTF8.GetBytes(json), bson);
            bson.End(begin);
            return new RawBsonDocument(bson.Written.ToArray())["result"]["v"].BsonType;
        }
    }

    private static byte[] Document(BsonValue value) =>
        new BsonDocument
        {
            { "_id", "u" },
            { "task", "t" },
            {
                "args",
                new BsonArray { value, "plain" }
            },
            { "kwargs", new BsonDocument("v", value) },
            { "result", new BsonDocument("v", value) },
        }.ToBson(writerSettings: new BsonBinaryWriterSettings { FixOldBinarySubTypeOnOutput = false });

    private static SourceTask Read(byte[] document)
    {
        var task = SourceTask.Read(document, Rules, out var reason);
        reason.Should().BeEmpty();

        return task!;
    }

    private static byte[] Restored(SourceTask task)
    {
        var bson = new BsonBuffer();
        var begin = bson.Begin();
        BsonFromJson.Write("_id", "\"u\""u8, bson, BsonFromJsonForm.Plain);
        BsonFromJson.Write("task", "\"t\""u8, bson, BsonFromJsonForm.Plain);
        OriginalValues.Write(task.Original, "args", task.Task.Args.Span, bson);
        OriginalValues.Write(task.Original, "kwargs", task.Task.Kwargs.Span, bson);
        OriginalValues.Write(task.Original, "result", task.Task.Result!.Value.Span, bson);
        bson.End(begin);

        return bson.Written.ToArray();
    }
}
