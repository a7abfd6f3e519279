using System.Text;
using Eventix.Application;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Migration;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Tests.Migration;

public sealed class SourceTaskTests
{
    private static readonly IValidator<NewTask> Rules = new ServiceCollection()
        .AddApplication()
        .BuildServiceProvider()
        .GetRequiredService<IValidator<NewTask>>();

    [Fact]
    public void Missing_fields_have_the_defaults_of_the_model()
    {
        var source = Read(
            new BsonDocument
            {
                { "_id", "u" },
                { "_rev", "3-5f3ad886911c5539b1d326df9c5b06e0" },
                { "task", "t" },
            }
        );

        source.RevisionCounter.Should().Be(3);
        source.ImportedRevision.Should().Be("3-5f3ad886911c5539b1d326df9c5b06e0");
        source.UpdatedAt.Should().BeNull();
        source
            .Task.Should()
            .BeEquivalentTo(
                new NewTask
                {
                    Uid = "u",
                    Task = "t",
                    Revision = "3-5f3ad886911c5539b1d326df9c5b06e0",
                },
                options => options.Excluding(task => task.Args).Excluding(task => task.Kwargs)
            );
        Text(source.Task.Args).Should().Be("[]");
        Text(source.Task.Kwargs).Should().Be("{}");
    }

    [Fact]
    public void Nulls_become_defaults_where_a_task_needs_a_value_and_stay_null_elsewhere()
    {
        var document = new BsonDocument
        {
            { "_id", "u" },
            { "_rev", "1-a" },
            { "task", "t" },
        };
        string[] fields =
        [
            .. "version created_time updated_time unique_key eta scheduled status priority namespace args kwargs worker_id".Split(' '),
            .. "worker_expires retry max_retries error_eta_inc error_eta_max store_result result error_expires result_expires".Split(' '),
            .. "expires operator".Split(' '),
        ];
        foreach (var field in fields)
            document[field] = BsonNull.Value;

        var task = Read(document).Task;

        task.Should()
            .BeEquivalentTo(
                new NewTask
                {
                    Uid = "u",
                    Task = "t",
                    Revision = "1-a",
                    ResultExpires = null,
                    Operator = null,
                },
                options => options.Excluding(other => other.Args).Excluding(other => other.Kwargs)
            );
        Text(task.Args).Should().Be("[]");
        Text(task.Kwargs).Should().Be("{}");
    }

    [Fact]
    public void Values_of_neighbouring_types_are_taken()
    {
        var task = Read(
            With(
                ("priority", 3.0),
                ("max_retries", 4L),
                ("error_eta_inc", "7"),
                ("version", true),
                ("retry", "no"),
                ("store_result", 0),
                ("eta", "2026-03-05T10:00:00.1234567+02:00"),
                ("expires", 1772366400)
            )
        ).Task;

        task.Priority.Should().Be(3);
        task.MaxRetries.Should().Be(4);
        task.ErrorEtaInc.Should().Be(7);
        task.Version.Should().Be(1);
        task.Retry.Should().BeFalse();
        task.StoreResult.Should().BeFalse();
        task.Eta.Should().Be(new DateTimeOffset(2026, 3, 5, 8, 0, 0, TimeSpan.Zero).AddMicroseconds(123_456));
        task.Expires.Should().Be(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    }

    public static TheoryData<string, BsonValue, string> Refused =>
        new()
        {
            { "_id", BsonNull.Value, "_id is null: a text is needed." },
            { "_id", new ObjectId("65f000000000000000000001"), "_id 65f000000000000000000001 (ObjectId) is not a text." },
            { "_id", "a\0b", "_id \"a\\u0000b\" cannot be stored: *NUL*" },
            { "_id", new string('ü', 1001), "_id \"üüü*\"… cannot be stored: *2000 bytes*" },
            { "_rev", "99999999999999999999-a", "_rev \"99999999999999999999-a\" cannot be stored: *too large*" },
            { "task", 7, "task 7 (Int32) is not a text." },
            { "task", BsonNull.Value, "task is null: a text is needed." },
            { "status", "paused", "status \"paused\" is not known: scheduled, processing, done, error, retry or null are." },
            { "status", 1, "status 1 (Int32) is not known*" },
            { "eta", "tomorrow", "eta \"tomorrow\" is not a time: *" },
            { "eta", new BsonDateTime(long.MaxValue), "eta * is not a time: *" },
            { "eta", true, "eta true (Boolean) is not a time: *" },
            { "eta", new BsonDocument(), "eta of the type Document is not a time: *" },
            { "args", new BsonDocument("a", 1), "args is of the type Document: an array or null is needed." },
            { "kwargs", new BsonArray(), "kwargs is of the type Array: a document or null is needed." },
            { "priority", 2147483648L, "priority 2147483648 (Int64) is not a whole number from -2147483648 to 2147483647." },
            { "priority", 3.5, "priority 3.5 (Double) is not a whole number*" },
            { "priority", "high", "priority \"high\" is not a whole number*" },
            { "retry", "maybe", "retry \"maybe\" is neither true nor false." },
            { "namespace", 7, "namespace 7 (Int32) is not a text." },
            { "namespace", new string('n', 501), "namespace * cannot be stored: *500 bytes*" },
            { "unique_key", "k\0", "unique_key \"k\\u0000\" cannot be stored: *NUL*" },
            { "operator", "o\0", "operator * cannot be stored: *NUL*" },
        };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void What_is_no_task_is_refused_with_a_reason_that_names_field_and_value(string field, BsonValue value, string reason)
    {
        SourceTask.Read(With((field, value)).ToBson(), Rules, out var given).Should().BeNull();

        given.Should().Match(reason);
    }

    [Theory]
    [InlineData("_id")]
    [InlineData("task")]
    public void A_missing_text_is_named(string field)
    {
        var document = With();
        document.Remove(field);

        SourceTask.Read(document.ToBson(), Rules, out var reason).Should().BeNull();

        reason.Should().Be($"{field} is missing: a text is needed.");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("abc")]
    [InlineData("-a")]
    [InlineData("0-a")]
    [InlineData("1-2-3")]
    [InlineData("1-\0")]
    [InlineData(7)]
    public void What_is_no_revision_counts_as_none(object? revision)
    {
        var source = Read(With(("_rev", BsonValue.Create(revision))));

        source.RevisionCounter.Should().Be(1);
        source.ImportedRevision.Should().BeNull();
    }

    [Fact]
    public void A_document_with_broken_text_is_refused()
    {
        var document = With(("operator", "xxxx")).ToBson();
        document[document.AsSpan().IndexOf("xxxx"u8)] = 0xff;

        SourceTask.Read(document, Rules, out var reason).Should().BeNull();

        reason.Should().StartWith("The document cannot be read: ");
    }

    [Fact]
    public void A_running_task_without_a_lease_gets_one_from_now()
    {
        var now = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

        var task = Read(With(("status", "processing"))).Completed(now).Task;

        task.WorkerExpires.Should().Be(now.AddSeconds(300));
        task.Eta.Should().Be(now);
        Read(With(("status", "done"))).Completed(now).Task.WorkerExpires.Should().BeNull();
    }

    private static BsonDocument With(params (string Field, BsonValue Value)[] fields)
    {
        var document = new BsonDocument
        {
            { "_id", "u" },
            { "_rev", "1-a" },
            { "task", "t" },
        };
        foreach (var (field, value) in fields)
            document[field] = value;

        return document;
    }

    private static SourceTask Read(BsonDocument document)
    {
        var task = SourceTask.Read(document.ToBson(), Rules, out var reason);
        reason.Should().BeEmpty();

        return task!;
    }

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
