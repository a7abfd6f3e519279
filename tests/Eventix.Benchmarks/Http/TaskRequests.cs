using System.Buffers;
using System.Net;
using System.Text;
using Eventix.Benchmarks.Drains;
using Eventix.Benchmarks.Latency;
using Eventix.Benchmarks.Servers;

namespace Eventix.Benchmarks.Http;

/// <summary>What clients of the API send, as bytes, and how its answers become write-backs.</summary>
internal static class TaskRequests
{
    private static readonly byte[] Processing = "\"status\":\"processing\""u8.ToArray();
    private static readonly byte[] Done = "\"status\":\"done\""u8.ToArray();
    private static readonly byte[] NoResult = "\"result\":null"u8.ToArray();
    private static readonly byte[] Result = Encoding.UTF8.GetBytes($"\"result\":{DueTasks.Result}");

    private static string Posted(string @namespace) =>
        $$"""{"task":"{{Touch.Name}}","namespace":"{{@namespace}}","kwargs":{{DueTasks.Kwargs}}}""";

    public static byte[] Post(string @namespace = "default") => WithBody("POST /task", Encoding.UTF8.GetBytes(Posted(@namespace)));

    public static byte[] PostMany(int count) =>
        WithBody("POST /tasks/batch", Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat(Posted("default"), count))}]"));

    /// <summary>A task that carries the moment of this call.</summary>
    public static byte[] PostStamp() =>
        WithBody("POST /task", Encoding.UTF8.GetBytes($$$"""{"task":"{{{Stamp.Name}}}","kwargs":{"sent_at":{{{Stamp.Now}}}}}"""));

    public static byte[] Next(string @namespace = "default") =>
        Encoding.UTF8.GetBytes($"GET /tasks/next_scheduled?worker_id=bench&namespace={@namespace} HTTP/1.1\r\nHost: bench\r\n\r\n");

    public static byte[] ClaimMany(int limit) =>
        WithBody("POST /tasks/claim", Encoding.UTF8.GetBytes($$"""{"worker_id":"bench","namespaces":["default"],"limit":{{limit}}}"""));

    /// <summary>One task claimed and written back, as clients have always done it; when nothing is due, the claim is sent again.</summary>
    /// <returns>How often nothing was due.</returns>
    /// <exception cref="InvalidDataException">An answer that a client does not expect, or a hundred times nothing.</exception>
    public static async ValueTask<int> CycleAsync(HttpConnection connection, byte[] next)
    {
        for (var inVain = 0; inVain < 100; inVain++)
        {
            var claimed = await connection.SendAsync(next);
            if (claimed.Status == (int)HttpStatusCode.NoContent)
            {
                await Task.Delay(10);
                continue;
            }

            claimed.Expect(HttpStatusCode.OK);
            var stored = await connection.SendAsync(WriteBack($"PUT /task/{Uid(claimed.Body.Span)}", claimed.Body.Span));
            stored.Expect(HttpStatusCode.OK);

            return inVain;
        }

        throw new InvalidDataException("Nothing is due, although there are tasks.");
    }

    /// <summary>The same by the batch routes; answers how many tasks it were.</summary>
    public static async ValueTask<int> CycleManyAsync(HttpConnection connection, byte[] claim)
    {
        var claimed = await connection.SendAsync(claim);
        claimed.Expect(HttpStatusCode.OK);
        if (claimed.Body.Length == "[]".Length)
            return 0;

        var answer = await connection.SendAsync(WriteBack("PUT /tasks/batch", claimed.Body.Span));
        answer.Expect(HttpStatusCode.OK);

        return CountStored(answer);
    }

    /// <summary>How many items of a batch's answer are 200.</summary>
    /// <exception cref="InvalidDataException">Some item is not.</exception>
    public static int CountStored(HttpAnswer answer)
    {
        var (stored, all) = (answer.Body.Span.Count("{\"status\":200,"u8), answer.Body.Span.Count("{\"status\":"u8));

        return stored == all ? stored : throw new InvalidDataException($"{all - stored} of {all} tasks of a batch were refused.");
    }

    /// <summary>The claimed task, or tasks, as they were sent, with status and result of a worker that is done.</summary>
    internal static ReadOnlyMemory<byte> WriteBack(string requestLine, ReadOnlySpan<byte> claimed)
    {
        var body = new ArrayBufferWriter<byte>(claimed.Length + 64);
        while (claimed.IndexOf(Processing) is >= 0 and var status)
        {
            body.Write(claimed[..status]);
            body.Write(Done);
            claimed = claimed[(status + Processing.Length)..];

            var result = claimed.IndexOf(NoResult);
            body.Write(claimed[..result]);
            body.Write(Result);
            claimed = claimed[(result + NoResult.Length)..];
        }

        body.Write(claimed);

        return WithBody(requestLine, body.WrittenSpan);
    }

    private static string Uid(ReadOnlySpan<byte> task)
    {
        var from = task.IndexOf("\"uid\":\""u8) + "\"uid\":\"".Length;

        return Encoding.UTF8.GetString(task.Slice(from, task[from..].IndexOf((byte)'"')));
    }

    private static byte[] WithBody(string requestLine, ReadOnlySpan<byte> body) =>
        [
            .. Encoding.UTF8.GetBytes(
                $"{requestLine} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n"
            ),
            .. body,
        ];
}
