using System.Buffers;

namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>`NaN`, `Infinity` and `-Infinity`, which Python's JSON has as numbers and nobody else's.</summary>
internal static class PythonNumbers
{
    /// <summary>The text with each of them as Extended JSON; null when it has none.</summary>
    public static byte[]? Wrap(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("NaN"u8) < 0 && json.IndexOf("Infinity"u8) < 0)
            return null;

        var wrapped = new ArrayBufferWriter<byte>(json.Length + 64);
        var (done, inText) = (0, false);
        for (var at = 0; at < json.Length; at++)
        {
            if (json[at] == '"')
                inText = !inText;
            else if (inText && json[at] == '\\')
                at++;

            if (inText || LengthOf(json[at..]) is not (> 0 and var length))
                continue;

            wrapped.Write(json[done..at]);
            wrapped.Write("{\"$numberDouble\":\""u8);
            wrapped.Write(json.Slice(at, length));
            wrapped.Write("\"}"u8);
            done = at + length;
            at = done - 1;
        }

        if (done == 0)
            return null;

        wrapped.Write(json[done..]);
        return wrapped.WrittenSpan.ToArray();
    }

    private static int LengthOf(ReadOnlySpan<byte> json) =>
        json.StartsWith("NaN"u8) ? 3
        : json.StartsWith("Infinity"u8) ? 8
        : json.StartsWith("-Infinity"u8) ? 9
        : 0;
}
