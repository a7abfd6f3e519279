using System.Text;
using System.Text.Json;
using Eventix.Api.Http;
using Eventix.Application.Tasks;

namespace Eventix.Api.Tasks;

/// <summary>A list as clients see it: the tasks by uid, what was asked for, how many there are, and the uids in their order.</summary>
internal static class ListJson
{
    public static async Task WriteAsync(HttpResponse response, ListBody body, ITaskPage page, CancellationToken cancellationToken)
    {
        using var stream = new JsonStream(response);
        var uids = new Uids();

        stream.Write("{\"data\":{"u8);
        await foreach (var task in page.ReadAsync(cancellationToken))
        {
            if (uids.Add(task.Uid, out var uid))
                stream.Write(","u8);
            stream.Write(uid);
            stream.Write(":"u8);
            stream.Write(task, TaskJson.Write);
            await stream.FlushIfFullAsync(cancellationToken);
        }

        stream.Write("},\"skip\":"u8);
        stream.Write((long?)body.Skip, WriteInt);
        stream.Write(",\"limit\":"u8);
        stream.Write((long?)body.Limit, WriteInt);
        stream.Write(",\"max_results\":"u8);
        stream.Write(body.Count ? await page.CountAsync(cancellationToken) : (long?)null, WriteInt);
        stream.Write(",\"sort\":null,\"view\":"u8);
        stream.Write(body.View, static (writer, view) => writer.WriteText(view));
        stream.Write(",\"ids\":["u8);
        foreach (var block in uids.Blocks)
        {
            stream.Write(block.Span);
            await stream.FlushIfFullAsync(cancellationToken);
        }

        stream.Write("],\"next\":"u8);
        stream.Write(page.Next?.ToText(body.List.Order), static (writer, next) => writer.WriteText(next));
        stream.Write("}"u8);
        await stream.EndAsync(cancellationToken);
    }

    private static void WriteInt(Utf8JsonWriter writer, long? number)
    {
        if (number is { } value)
            writer.WriteNumberValue(value);
        else
            writer.WriteNullValue();
    }

    /// <summary>
    /// All that is kept of the tasks that have gone out: their uids, as the list of JSON strings that the answer ends with. In blocks, so that
    /// it is never moved to grow.
    /// </summary>
    private sealed class Uids
    {
        private const int BlockBytes = 256 * 1024;

        private readonly List<(byte[] Bytes, int Length)> _blocks = [];

        public IEnumerable<ReadOnlyMemory<byte>> Blocks =>
            _blocks.Select(block => (ReadOnlyMemory<byte>)block.Bytes.AsMemory(0, block.Length));

        /// <summary>Adds a uid and returns it as JSON. False for the first one.</summary>
        public bool Add(string uid, out ReadOnlySpan<byte> json)
        {
            var text = WireText.ToJson(uid);
            var isFurther = _blocks.Count > 0;
            var needed = Encoding.UTF8.GetMaxByteCount(text.Length) + 1;
            if (!isFurther || _blocks[^1].Bytes.Length - _blocks[^1].Length < needed)
                // The first block is small: most lists are.
                _blocks.Add((new byte[Math.Max(needed, isFurther ? BlockBytes : 4096)], 0));

            var (bytes, length) = _blocks[^1];
            if (isFurther)
                bytes[length++] = (byte)',';
            var written = Encoding.UTF8.GetBytes(text, bytes.AsSpan(length));
            _blocks[^1] = (bytes, length + written);
            json = bytes.AsSpan(length, written);

            return isFurther;
        }
    }
}
