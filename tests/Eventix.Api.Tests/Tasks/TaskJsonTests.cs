using System.Text;
using System.Text.Json;
using Eventix.Api.Tasks;
using Eventix.Domain.Tasks;
using Microsoft.AspNetCore.Http;

namespace Eventix.Api.Tests.Tasks;

public sealed class TaskJsonTests
{
    [Fact]
    public async Task Every_field_is_written_in_the_order_of_the_model()
    {
        var time = new DateTimeOffset(2023, 1, 1, 10, 0, 0, TimeSpan.Zero);
        var task = new EventixTask
        {
            Id = 7,
            Uid = "u",
            RevisionCounter = 2,
            CreatedAt = time,
            UpdatedAt = time.AddMicroseconds(123_000),
            Eta = time,
            Scheduled = time,
            Task = "demo",
            Args = """[1.0,  "\u0000"]"""u8.ToArray(),
        };

        (await Written(task))
            .Should()
            .Be(
                $$"""
                {"uid":"u","revision":"{{task.WireRevision}}","version":1,"created_time":"2023-01-01T10:00:00Z","updated_time":
                "2023-01-01T10:00:00.123000Z","unique_key":null,"eta":"2023-01-01T10:00:00Z","scheduled":"2023-01-01T10:00:00Z",
                "status":"scheduled","priority":0,"namespace":"default","task":"demo","args":[1.0,  "\u0000"],"kwargs":{},"worker_id":null,
                "worker_expires":null,"retry":true,"max_retries":null,"error_eta_inc":15,"error_eta_max":300,"store_result":true,
                "result":null,"error_expires":null,"result_expires":604800,"expires":null,"operator":"unknown"}
                """.ReplaceLineEndings("")
            );
    }

    [Fact]
    public async Task Progress_is_told_where_there_is_any()
    {
        var json = await Written(
            new EventixTask
            {
                Uid = "u",
                Task = "demo",
                Progress = 40,
                ProgressMessage = "4 of 10",
            }
        );

        json.Should().EndWith(",\"operator\":\"unknown\",\"progress\":40,\"progress_message\":\"4 of 10\"}");
    }

    [Theory]
    [InlineData("é 😀 \u2028 \uE000 <&'+", "é 😀 \u2028 \uE000 <&'+")]
    [InlineData("\"\\/\b\f\n\r\t\u0001\u007f", "\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\u007f")]
    [InlineData("", "")]
    public async Task Text_is_escaped_no_more_than_json_needs(string text, string escaped)
    {
        var json = await Written(new EventixTask { Uid = text, Task = "demo" });

        json.Should().StartWith($"{{\"uid\":\"{escaped}\",");
        JsonDocument.Parse(json).RootElement.GetProperty("uid").GetString().Should().Be(text);
    }

    [Fact]
    public async Task A_large_answer_is_followed_by_a_small_one()
    {
        var large = await Written(new EventixTask { Uid = new string('x', 200_000), Task = "demo" });
        var small = await Written(new EventixTask { Uid = "small", Task = "demo" });

        large.Should().HaveLength(200_000 + small.Length - "small".Length);
    }

    private static async Task<string> Written(EventixTask task)
    {
        var http = new DefaultHttpContext();
        var body = new MemoryStream();
        http.Response.Body = body;

        await TaskJson.WriteAsync(http.Response, task);

        http.Response.ContentType.Should().Be("application/json");
        http.Response.ContentLength.Should().Be(body.Length);
        return Encoding.UTF8.GetString(body.ToArray());
    }
}
