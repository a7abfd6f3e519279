using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Eventix.Api.Tests.Tasks;

/// <summary>The requests of the worker of the Python package, one after the other on the one connection that it keeps.</summary>
public sealed class PythonWorkerTests(RestHost host) : IClassFixture<RestHost>
{
    private const int Tasks = 1000;

    // As lsrestclient sends them: a content type on every request, also without a body.
    private const string Headers =
        "User-Agent: python-requests/2.32.3\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\nContent-Type: application/json\r\n";

    [Fact]
    public async Task A_thousand_tasks_go_through_one_connection()
    {
        await PostAsync();
        using var connection = await RawConnection.OpenAsync(host.Address);

        var (kept, deleted, stale) = (0, 0, 0);
        for (var run = 0; run < Tasks; run++)
        {
            var claim = await connection.SendAsync("GET /tasks/next_scheduled?worker_id=default&namespace=python", Headers);
            claim.Status.Should().Be(200);
            var task = (JsonObject)JsonNode.Parse(claim.Body)!;
            var uid = (string)task["uid"]!;

            // Every tenth lost its lease meanwhile: somebody else wrote it.
            if (run % 10 == 0)
            {
                var other = task.DeepClone();
                other["operator"] = "somebody else";
                (await PutAsync(connection, uid, other)).Status.Should().Be(200);
                stale++;
            }

            Run(task);
            if (!(bool)task["store_result"]!)
            {
                var answer = await connection.SendAsync($"DELETE /task/{uid}", Headers);
                (answer.Status, answer.Body).Should().Be((200, "null"));
                deleted++;
                continue;
            }

            var written = await PutAsync(connection, uid, task);
            written.Status.Should().Be(run % 10 == 0 ? 409 : 200);
            if (written.Status == 409)
                ((string)JsonNode.Parse(written.Body)!["error_class"]!).Should().Be("RevisionConflict");
            else
                kept++;
        }

        var none = await connection.SendAsync("GET /tasks/next_scheduled?worker_id=default&namespace=python", Headers);
        (none.Status, none.Body).Should().Be((204, ""));
        (await connection.SendAsync("GET /version", Headers)).Status.Should().Be(200, "the connection outlives a 409 and a 204");

        (kept, deleted, stale).Should().Be((700, 200, 100));
        (
            await host.Database.ScalarAsync<string>(
                "SELECT string_agg(status || ' ' || n, ', ' ORDER BY status) FROM (SELECT status, count(*) AS n FROM eventix_task GROUP BY status) s"
            )
        )
            .Should()
            .Be("done 700, processing 100");
        (
            await host.Database.ScalarAsync<bool>(
                "SELECT bool_and(result::text = '{\"n\": 1.0}' AND expires > now() + interval '6 days' AND worker_id = 'default') FROM eventix_task WHERE status = 'done'"
            )
        )
            .Should()
            .BeTrue();
    }

    /// <summary>What the worker does with a task that ran: times in Python's own form, and the whole task goes back.</summary>
    private static void Run(JsonObject task)
    {
        foreach (var time in new[] { "created_time", "updated_time", "eta", "scheduled", "worker_expires" })
            task[time] = PythonTime((string)task[time]!);

        task["status"] = "done";
        task["worker_expires"] = null;
        task["result"] = JsonNode.Parse("""{"n": 1.0}""");
        task["expires"] = PythonTime(DateTime.UtcNow.AddSeconds((int)task["result_expires"]!).ToString("O", CultureInfo.InvariantCulture));
    }

    private static string PythonTime(string time)
    {
        var utc = DateTime.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);
        var fraction = utc.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond;

        return utc.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture)
            + (fraction == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $".{fraction:000000}"))
            + "+00:00";
    }

    private static Task<RawAnswer> PutAsync(RawConnection connection, string uid, JsonNode task)
    {
        // Python's json: a space after each comma and colon of the text that is kept as it came, and non-ASCII escaped.
        var body = task.ToJsonString().Replace("""{"n":1.0}""", """{"n": 1.0}""", StringComparison.Ordinal);

        return connection.SendAsync($"PUT /task/{uid}", Headers, Encoding.ASCII.GetBytes(body));
    }

    private async Task PostAsync()
    {
        var tasks = Enumerable
            .Range(0, Tasks)
            .Select(index =>
                $$"""{"uid":"{{Guid.NewGuid():n}}","task":"äöü","namespace":"python","store_result":{{(index % 5 == 1 ? "false" : "true")}},"priority":{{index}}}"""
            );

        (await new Rest(host).PostAsync("/tasks/batch", $"[{string.Join(',', tasks)}]")).Json!.AsArray().Should().HaveCount(Tasks);
    }
}
