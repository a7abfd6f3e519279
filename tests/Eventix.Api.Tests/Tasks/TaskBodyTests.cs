using System.Text;
using System.Text.Json;
using Eventix.Api.Errors;
using Eventix.Api.Http;
using Eventix.Api.Tasks;
using Eventix.Domain.Tasks;

namespace Eventix.Api.Tests.Tasks;

public sealed class TaskBodyTests
{
    [Fact]
    public void Only_the_task_is_needed_and_everything_else_has_its_default()
    {
        var task = Read("""{"task": "demo"}""").ToNewTask();

        task.Uid.Should().MatchRegex("^[0-9a-f]{32}$");
        DateTimeOffset
            .FromUnixTimeMilliseconds(Convert.ToInt64(task.Uid[..12], 16))
            .Should()
            .BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1), "uids that are made here are in the order of time");
        task.Should()
            .BeEquivalentTo(
                new
                {
                    Revision = (string?)null,
                    Version = 1,
                    CreatedAt = (DateTimeOffset?)null,
                    UniqueKey = (string?)null,
                    Eta = (DateTimeOffset?)null,
                    Scheduled = (DateTimeOffset?)null,
                    Status = EventixTaskStatus.Scheduled,
                    Priority = 0,
                    Namespace = "default",
                    Task = "demo",
                    WorkerId = (string?)null,
                    WorkerExpires = (DateTimeOffset?)null,
                    Retry = true,
                    MaxRetries = (int?)null,
                    ErrorEtaInc = 15,
                    ErrorEtaMax = 300,
                    StoreResult = true,
                    ErrorExpires = (int?)null,
                    ResultExpires = 604800,
                    Expires = (DateTimeOffset?)null,
                    Operator = "unknown",
                }
            );
        Text(task.Args).Should().Be("[]");
        Text(task.Kwargs).Should().Be("{}");
        task.Result.Should().BeNull();
    }

    [Fact]
    public void A_null_means_the_default_where_the_model_has_no_use_for_it()
    {
        var task = Read(
                """
                {"task": "demo", "uid": null, "version": null, "created_time": null, "updated_time": null, "eta": null, "scheduled": null,
                 "priority": null, "namespace": null, "status": null, "args": null, "kwargs": null}
                """
            )
            .ToNewTask();

        task.Uid.Should().MatchRegex("^[0-9a-f]{32}$");
        (task.Version, task.CreatedAt, task.Eta, task.Scheduled).Should().Be((1, null, null, null));
        (task.Priority, task.Namespace, task.Status).Should().Be((0, "default", EventixTaskStatus.Scheduled));
        (Text(task.Args), Text(task.Kwargs)).Should().Be(("[]", "{}"));
    }

    [Fact]
    public void A_null_stays_null_where_the_model_knows_it()
    {
        var task = Read(
                """
                {"task": "demo", "revision": null, "unique_key": null, "worker_id": null, "worker_expires": null, "max_retries": null,
                 "result": null, "error_expires": null, "result_expires": null, "expires": null, "operator": null}
                """
            )
            .ToNewTask();

        (task.Revision, task.UniqueKey, task.WorkerId, task.WorkerExpires).Should().Be((null, null, null, null));
        (task.MaxRetries, task.ErrorExpires, task.ResultExpires, task.Expires).Should().Be((null, null, null, null));
        (task.Operator, task.Result).Should().Be((null, null));
    }

    [Theory]
    [InlineData("task", "string_type")]
    [InlineData("retry", "bool_type")]
    [InlineData("store_result", "bool_type")]
    [InlineData("error_eta_inc", "int_type")]
    [InlineData("error_eta_max", "int_type")]
    public void A_null_is_refused_where_the_model_needs_a_value(string field, string type) => Refused(field, "null").Type.Should().Be(type);

    [Fact]
    public void Every_field_reaches_the_task()
    {
        var task = Read(
                """
                {"uid": "u", "revision": "3-ab", "version": 2, "created_time": "2023-01-01", "updated_time": "2023-01-02", "unique_key": "",
                 "eta": "2023-01-03", "scheduled": "2023-01-04", "status": "retry", "priority": -5, "namespace": "ns", "task": "demo",
                 "args": [1], "kwargs": {"a": 1}, "worker_id": "w", "worker_expires": "2023-01-05", "retry": false, "max_retries": 4,
                 "error_eta_inc": 1, "error_eta_max": 2, "store_result": false, "result": {"r": 1.0}, "error_expires": 5,
                 "result_expires": 6, "expires": "2023-01-06", "operator": "me", "bogus": {"task": 7}}
                """
            )
            .ToNewTask();

        task.Should()
            .BeEquivalentTo(
                new
                {
                    Uid = "u",
                    Revision = "3-ab",
                    Version = 2,
                    CreatedAt = Day(1),
                    UniqueKey = "",
                    Eta = Day(3),
                    Scheduled = Day(4),
                    Status = EventixTaskStatus.Retry,
                    Priority = -5,
                    Namespace = "ns",
                    Task = "demo",
                    WorkerId = "w",
                    WorkerExpires = Day(5),
                    Retry = false,
                    MaxRetries = 4,
                    ErrorEtaInc = 1,
                    ErrorEtaMax = 2,
                    StoreResult = false,
                    ErrorExpires = 5,
                    ResultExpires = 6,
                    Expires = Day(6),
                    Operator = "me",
                    FirstRevisionCounter = 4L,
                }
            );
        (Text(task.Args), Text(task.Kwargs), Text(task.Result!.Value)).Should().Be(("[1]", """{"a": 1}""", """{"r": 1.0}"""));
    }

    [Fact]
    public void No_member_of_the_task_is_forgotten_by_the_mapping()
    {
        var compile = () => TaskMapping.Config.Compile();

        compile.Should().NotThrow();
    }

    [Theory]
    [InlineData("[1,  2.50, \"\\u00e9\\u0000\\ud800\", {\"a\":1,\"a\":2}, 1e400, 123456789012345678901234567890]")]
    [InlineData("[[[]],\n\t{}]")]
    public void Json_is_kept_byte_for_byte(string args) =>
        Text(Read($$"""{"args": {{args}}, "task": "demo"}""").ToNewTask().Args).Should().Be(args);

    [Theory]
    [InlineData("NaN", "null")]
    [InlineData("{\"a\":NaN,\"b\":Infinity,\"c\":-Infinity}", "{\"a\":null,\"b\":null,\"c\":null}")]
    [InlineData("[\"NaN\", \"a\\\"NaN\", -Infinity]", "[\"NaN\", \"a\\\"NaN\", null]")]
    [InlineData("\"Infinity\"", "\"Infinity\"")]
    public void What_is_not_finite_becomes_null(string sent, string stored)
    {
        var task = Read($$"""{"result": {{sent}}, "kwargs": {"x": {{sent}} }, "task": "demo"}""").ToNewTask();

        (task.Result is { } result ? Text(result) : "null").Should().Be(stored);
        Text(task.Kwargs).Should().Be($$"""{"x": {{stored}} }""");
    }

    [Theory]
    [InlineData("xNaN")]
    [InlineData("NaNa")]
    [InlineData("-NaN")]
    [InlineData("1Infinity")]
    public void Words_that_only_contain_NaN_are_no_json(string value) =>
        Errors($$"""{"kwargs": [{{value}}], "task": "demo"}""").Should().ContainSingle().Which.Type.Should().Be("json_invalid");

    [Theory]
    [InlineData("priority", "finite_number")]
    [InlineData("eta", "datetime_type")]
    [InlineData("namespace", "string_type")]
    [InlineData("args", "list_type")]
    public void A_typed_field_is_never_NaN(string field, string type) => Refused(field, "NaN").Type.Should().Be(type);

    [Theory]
    [InlineData("7", 7)]
    [InlineData("-0", 0)]
    [InlineData("3.0", 3)]
    [InlineData("1e3", 1000)]
    [InlineData("true", 1)]
    [InlineData("false", 0)]
    [InlineData("\"7\"", 7)]
    [InlineData("\" 7\\n\"", 7)]
    [InlineData("\"+7\"", 7)]
    [InlineData("\"-7\"", -7)]
    [InlineData("\"007\"", 7)]
    [InlineData("\"7.0\"", 7)]
    [InlineData("\"1_000\"", 1000)]
    [InlineData("2147483647", int.MaxValue)]
    [InlineData("-2147483648", int.MinValue)]
    [InlineData("\"\\u0037\"", 7)]
    public void A_number_is_read_laxly(string sent, int expected) =>
        Read($$"""{"priority": {{sent}}, "task": "demo"}""").Priority.Should().Be(expected);

    [Theory]
    [InlineData("\"x\"", "int_parsing")]
    [InlineData("\"\"", "int_parsing")]
    [InlineData("\"7.5\"", "int_parsing")]
    [InlineData("\"7.\"", "int_parsing")]
    [InlineData("\".0\"", "int_parsing")]
    [InlineData("\"1__0\"", "int_parsing")]
    [InlineData("\"_1\"", "int_parsing")]
    [InlineData("\"+-1\"", "int_parsing")]
    [InlineData("\"1e3\"", "int_parsing")]
    [InlineData("\"\\ud800\"", "int_parsing")]
    [InlineData("7.5", "int_from_float")]
    [InlineData("1e400", "finite_number")]
    [InlineData("2147483648", "less_than_equal")]
    [InlineData("-2147483649", "greater_than_equal")]
    [InlineData("1e300", "less_than_equal")]
    [InlineData("99999999999999999999999999", "less_than_equal")]
    [InlineData("\"99999999999\"", "less_than_equal")]
    [InlineData("[]", "int_type")]
    [InlineData("{}", "int_type")]
    public void What_is_no_number_is_refused(string sent, string type)
    {
        var error = Refused("priority", sent);

        error.Type.Should().Be(type);
        Text(error.Input!.Value).Should().Be(sent);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("1", true)]
    [InlineData("1.0", true)]
    [InlineData("\"1\"", true)]
    [InlineData("\"yes\"", true)]
    [InlineData("\"On\"", true)]
    [InlineData("\"TRUE\"", true)]
    [InlineData("\"t\"", true)]
    [InlineData("\"y\"", true)]
    [InlineData("false", false)]
    [InlineData("0", false)]
    [InlineData("0.0", false)]
    [InlineData("\"0\"", false)]
    [InlineData("\"no\"", false)]
    [InlineData("\"oFF\"", false)]
    [InlineData("\"False\"", false)]
    [InlineData("\"f\"", false)]
    [InlineData("\"n\"", false)]
    public void Truth_is_read_laxly(string sent, bool expected) =>
        Read($$"""{"retry": {{sent}}, "task": "demo"}""").Retry.Should().Be(expected);

    [Theory]
    [InlineData("2", "bool_parsing")]
    [InlineData("-1", "bool_parsing")]
    [InlineData("0.5", "bool_type")]
    [InlineData("\"maybe\"", "bool_parsing")]
    [InlineData("\" yes\"", "bool_parsing")]
    [InlineData("\"\"", "bool_parsing")]
    [InlineData("[]", "bool_type")]
    public void What_is_no_truth_is_refused(string sent, string type) => Refused("store_result", sent).Type.Should().Be(type);

    [Theory]
    [InlineData("uid", "7")]
    [InlineData("revision", "3")]
    [InlineData("unique_key", "true")]
    [InlineData("namespace", "[]")]
    [InlineData("task", "1.5")]
    [InlineData("worker_id", "{}")]
    [InlineData("operator", "0")]
    public void Text_is_only_read_from_text(string field, string sent) => Refused(field, sent).Type.Should().Be("string_type");

    [Fact]
    public void Text_is_unescaped_and_may_be_any_unicode() =>
        Read("""{"task": "\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t\u0000 é😀"}""").Task.Should().Be("é😀\"\\/\b\f\n\r\t\0 é😀");

    [Theory]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"\\udc00x\"")]
    [InlineData("\"\\ud800\\ud800\"")]
    [InlineData("\"ok \\ud83d\\ude00 \\ud83d\"")]
    public void Half_a_surrogate_pair_is_no_text(string sent) => Refused("unique_key", sent).Type.Should().Be("string_unicode");

    [Theory]
    [InlineData("1672567200")]
    [InlineData("1672567200000")]
    [InlineData("1672567200.0")]
    [InlineData("\"1672567200\"")]
    [InlineData("\"2023-01-01T10:00:00\"")]
    [InlineData("\"2023-01-01T11:00:00\\u002b01:00\"")]
    public void A_time_is_read_laxly(string sent) =>
        Read($$"""{"eta": {{sent}}, "task": "demo"}""").Eta.Should().Be(new DateTimeOffset(2023, 1, 1, 10, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("true", "datetime_type")]
    [InlineData("[]", "datetime_type")]
    [InlineData("\"zzz\"", "datetime_from_date_parsing")]
    [InlineData("\"20230101T100000\"", "datetime_from_date_parsing")]
    [InlineData("\"\\ud800\"", "datetime_from_date_parsing")]
    [InlineData("1e300", "datetime_parsing")]
    public void What_is_no_time_is_refused(string sent, string type)
    {
        Refused("eta", sent).Type.Should().Be(type);
        Refused("updated_time", sent).Type.Should().Be(type);
    }

    [Theory]
    [InlineData("\"nope\"")]
    [InlineData("\"Scheduled\"")]
    [InlineData("1")]
    [InlineData("[]")]
    public void A_status_is_one_of_five_words(string sent)
    {
        var error = Refused("status", sent);

        error.Type.Should().Be("enum");
        error.Context.Should().Be(("expected", "'scheduled', 'processing', 'done', 'error' or 'retry'"));
        error.Message.Should().Be("Input should be 'scheduled', 'processing', 'done', 'error' or 'retry'");
    }

    [Theory]
    [InlineData("args", "{}", "list_type")]
    [InlineData("args", "\"[]\"", "list_type")]
    [InlineData("kwargs", "[]", "dict_type")]
    [InlineData("kwargs", "1", "dict_type")]
    public void Arguments_have_their_kind(string field, string sent, string type) => Refused(field, sent).Type.Should().Be(type);

    [Fact]
    public void Errors_come_in_the_order_of_the_model()
    {
        var errors = Errors(
            """{"operator": 1, "retry": 7, "eta": "zzz", "uid": 1, "updated_time": [], "priority": "x", "status": "nope"}"""
        );

        errors.Select(error => error.Field).Should().Equal("uid", "updated_time", "eta", "status", "priority", "task", "retry", "operator");
    }

    [Fact]
    public void A_missing_task_is_told_with_the_body()
    {
        var error = Errors("""{"taskx": "demo"}""").Should().ContainSingle().Subject;

        (error.Type, error.Where, error.Field, error.Message).Should().Be(("missing", "body", "task", "Field required"));
        Text(error.Input!.Value).Should().Be("""{"taskx": "demo"}""");
    }

    [Fact]
    public void Of_duplicates_the_last_one_counts() =>
        Read("""{"priority": "x", "task": "a", "priority": 2, "task": "b", "\u0074ask": "c"}""")
            .Should()
            .BeEquivalentTo(new { Priority = 2, Task = "c" });

    [Fact]
    public void A_byte_order_mark_is_skipped() =>
        TaskBody
            .Read(
                JsonBody.Of(
                    new byte[] { 0xEF, 0xBB, 0xBF }
                        .Concat("""{"task": "demo"}"""u8.ToArray())
                        .ToArray()
                )
            )
            .Task.Should()
            .Be("demo");

    [Theory]
    [InlineData("{\"task\":", 8)]
    [InlineData("{\"task\": \"é\", x}", 14)]
    [InlineData("{\n\"task\": \"demo\"\n} x", 19)]
    [InlineData("{\"task\": \"demo\",}", 16)]
    [InlineData("{\"task\": 'demo'}", 9)]
    [InlineData("{\"task\": \"a\nb\"}", 11)]
    [InlineData("{\"task\": \"demo\", \"priority\": 01}", 30)]
    [InlineData("   ", 3)]
    public void Broken_json_is_told_with_its_place(string sent, int offset)
    {
        var error = Errors(sent).Should().ContainSingle().Subject;

        (error.Type, error.Where, error.Field, error.Message).Should().Be(("json_invalid", "body", null, "JSON decode error"));
        error.Offset.Should().Be(offset);
        Text(error.Input!.Value).Should().Be("{}");
        error.Context!.Value.Value.Should().NotBeEmpty().And.NotContain("LineNumber");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("7")]
    [InlineData("true")]
    public void A_body_that_is_no_object_is_told(string sent)
    {
        var error = Errors(sent).Should().ContainSingle().Subject;

        (error.Type, error.Where, error.Field).Should().Be(("model_attributes_type", "body", null));
        Text(error.Input!.Value).Should().Be(sent);
    }

    [Fact]
    public void A_null_body_is_no_body()
    {
        var error = Errors("null").Should().ContainSingle().Subject;

        (error.Type, error.Where, error.Field).Should().Be(("missing", "body", null));
    }

    [Theory]
    [InlineData(new byte[] { (byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}' })]
    [InlineData(new byte[] { (byte)'"', (byte)'a', 0xED, 0xA0, 0x80, (byte)'"' })]
    public void Bytes_that_are_no_utf8_are_told_with_their_place(byte[] body)
    {
        var read = () => JsonBody.Of(body);

        var error = read.Should().Throw<InvalidRequestException>().Which.Errors.Should().ContainSingle().Subject;
        (error.Type, error.Offset).Should().Be(("json_invalid", 2));
    }

    [Fact]
    public void Json_may_be_deep_but_not_without_end()
    {
        Nested(500).Should().NotThrow();
        Nested(600).Should().Throw<InvalidRequestException>().Which.Errors[0].Type.Should().Be("json_invalid");
        Nested(1_000_000).Should().Throw<InvalidRequestException>().Which.Errors[0].Type.Should().Be("json_invalid");

        static Action Nested(int depth) =>
            () => Read($$"""{"args": {{new string('[', depth)}}{{new string(']', depth)}}, "task": "demo"}""");
    }

    [Fact]
    public void Long_input_is_cut_in_the_error()
    {
        var error = Refused("priority", $"\"{new string('é', 5000)}\"");

        error.Input!.Value.Length.Should().BeLessThan(3000);
        JsonDocument.Parse(error.Input!.Value).RootElement.GetString().Should().EndWith("…");
    }

    private static TaskBody Read(string json) => TaskBody.Read(JsonBody.Of(Encoding.UTF8.GetBytes(json)));

    private static IReadOnlyList<FieldError> Errors(string json)
    {
        var read = () => Read(json);

        return read.Should().Throw<InvalidRequestException>().Which.Errors;
    }

    private static FieldError Refused(string field, string value)
    {
        var required = field == "task" ? "" : "\"task\": \"demo\", ";
        var error = Errors($"{{{required}\"{field}\": {value}}}").Should().ContainSingle().Subject;
        error.Field.Should().Be(field);

        return error;
    }

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);

    private static DateTimeOffset Day(int day) => new(2023, 1, day, 0, 0, 0, TimeSpan.Zero);
}
