using System.Text.Json;

namespace Eventix.Api.Http;

/// <summary>
/// Points in time as answers have them: `2023-01-01T10:00:00Z`, or with exactly six digits of a second when there are any. How they are read:
/// <see cref="Application.Tasks.LaxInput"/>.
/// </summary>
internal static class WireTime
{
    public const int MaxBytes = 27;

    /// <summary>Writes a member of an object; null for no time.</summary>
    public static void WriteTime(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateTimeOffset? time)
    {
        if (time is not { } point)
        {
            writer.WriteNull(name);
            return;
        }

        Span<byte> text = stackalloc byte[MaxBytes];
        writer.WriteString(name, text[..Write(point, text)]);
    }

    /// <summary>Writes into at least <see cref="MaxBytes"/> bytes; returns how many were used.</summary>
    public static int Write(DateTimeOffset time, Span<byte> target)
    {
        var utc = time.UtcDateTime;
        WriteDigits(utc.Year, target[..4]);
        target[4] = (byte)'-';
        WriteDigits(utc.Month, target[5..7]);
        target[7] = (byte)'-';
        WriteDigits(utc.Day, target[8..10]);
        target[10] = (byte)'T';
        WriteDigits(utc.Hour, target[11..13]);
        target[13] = (byte)':';
        WriteDigits(utc.Minute, target[14..16]);
        target[16] = (byte)':';
        WriteDigits(utc.Second, target[17..19]);

        var length = 19;
        var microseconds = (int)(utc.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond);
        if (microseconds != 0)
        {
            target[19] = (byte)'.';
            WriteDigits(microseconds, target[20..26]);
            length = 26;
        }

        target[length] = (byte)'Z';
        return length + 1;
    }

    private static void WriteDigits(int value, Span<byte> target)
    {
        for (var i = target.Length - 1; i >= 0; i--, value /= 10)
            target[i] = (byte)('0' + (value % 10));
    }
}
