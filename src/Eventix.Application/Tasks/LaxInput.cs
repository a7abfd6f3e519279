using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace Eventix.Application.Tasks;

/// <summary>
/// What a field of a task accepts besides its own type, as the Python server did: numbers as text, truth as words, times in many spellings.
/// The same for requests and for documents of the old server.
/// </summary>
public static class LaxInput
{
    private const double MillisecondsBeyond = 2e10;

    private static readonly SearchValues<byte> DecimalBytes = SearchValues.Create("+-.0123456789eE"u8);

    private static readonly DateTimeOffset EarliestUnixTime = new(1600, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Reads ISO 8601 with `T`, `t`, `_` or a space between date and time; seconds and fraction optional, digits after the sixth are cut; offset
    /// `Z`, `z`, `+05:30`, `+0530` or none, which means UTC; a date alone is its midnight. Also a unix time as text. Refused: the compact form
    /// `20230101T…`, hour 24.
    /// </summary>
    /// <param name="time">In UTC.</param>
    /// <param name="problem">What is wrong, in pydantic's words; empty when it was read.</param>
    public static bool TryReadTime(ReadOnlySpan<byte> utf8, out DateTimeOffset time, out string problem)
    {
        problem = ReadIso(utf8, out time) ?? "";
        if (problem.Length == 0)
            return true;

        // Unix time as text: an optional sign and digits, or something with a point.
        if (IsDecimal(utf8) && double.TryParse(utf8, NumberStyles.Float, CultureInfo.InvariantCulture, out var unix))
            return TryReadTime(unix, out time, out problem);

        return false;
    }

    /// <summary>Reads a unix time in seconds, or in milliseconds when it is beyond 2e10.</summary>
    /// <param name="time">In UTC, to the microsecond.</param>
    /// <param name="problem">What is wrong, in pydantic's words; empty when it was read.</param>
    public static bool TryReadTime(double unix, out DateTimeOffset time, out string problem)
    {
        time = default;
        problem = "";
        var seconds = Math.Abs(unix) > MillisecondsBeyond ? unix / 1000 : unix;
        if (double.IsNaN(seconds))
            problem = "NaN values not permitted";
        else if (seconds < (EarliestUnixTime - DateTimeOffset.UnixEpoch).TotalSeconds)
            problem = "dates before 1600 are not supported as unix timestamps";
        else if (seconds >= (DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).TotalSeconds)
            problem = "dates after 9999 are not supported as unix timestamps";
        if (problem.Length > 0)
            return false;

        // Whole units first: a double holds the microseconds of today, but not their product with a million.
        var ticksPerUnit = Math.Abs(unix) > MillisecondsBeyond ? TimeSpan.TicksPerMillisecond : TimeSpan.TicksPerSecond;
        var whole = Math.Floor(unix);
        var microseconds = Math.Round((unix - whole) * ticksPerUnit / TimeSpan.TicksPerMicrosecond);
        time = DateTimeOffset.UnixEpoch.AddTicks(((long)whole * ticksPerUnit) + ((long)microseconds * TimeSpan.TicksPerMicrosecond));
        return true;
    }

    /// <summary>Reads a whole number: a sign or none, digits, which single underscores may group, perhaps a point and zeros; white space around.</summary>
    /// <param name="digits">The sign, if any, and the digits; of any length.</param>
    public static bool TryReadDigits(string text, out string digits)
    {
        digits = text.Trim();
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0)
        {
            if (point == digits.Length - 1 || digits.AsSpan(point + 1).ContainsAnyExcept('0'))
                return false;
            digits = digits[..point];
        }

        var start = digits.Length > 0 && digits[0] is '+' or '-' ? 1 : 0;
        if (start == digits.Length || digits[start] == '_' || digits[^1] == '_' || digits.Contains("__", StringComparison.Ordinal))
            return false;

        digits = digits.Replace("_", "", StringComparison.Ordinal);
        return !digits.AsSpan(start).ContainsAnyExceptInRange('0', '9');
    }

    /// <summary>Reads `true`, `yes`, `on`, `t`, `y`, `1` and their opposites, in any case; null for anything else.</summary>
    public static bool? ReadBool(string text) =>
        text.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" or "t" or "y" or "1" => true,
            "false" or "no" or "off" or "f" or "n" or "0" => false,
            _ => null,
        };

    // Exponents only beside a point, as upstream's parser has it.
    private static bool IsDecimal(ReadOnlySpan<byte> text)
    {
        if (text.Contains((byte)'.'))
            return !text.ContainsAnyExcept(DecimalBytes);

        var digits = text.Length > 0 && text[0] is (byte)'+' or (byte)'-' ? text[1..] : text;
        return !digits.IsEmpty && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9');
    }

    private static string? ReadIso(ReadOnlySpan<byte> text, out DateTimeOffset time)
    {
        time = default;
        var problem = ReadDate(text, out var date);
        if (problem is not null)
            return problem;

        var clock = new Clock(0, 0);
        if (text.Length > 10)
        {
            if (text[10] is not ((byte)'T' or (byte)'t' or (byte)' ' or (byte)'_'))
                return "invalid datetime separator, expected `T`, `t`, `_` or space";

            problem = ReadClock(text[11..], out clock);
            if (problem is not null)
                return problem;
        }

        // The year is that of the stored value: 9999-12-31T23:00-05:00 is a date that no one could read back.
        var ticks = date.Ticks + clock.Ticks - clock.Offset;
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
            return "year is out of range";

        time = new DateTimeOffset(ticks, TimeSpan.Zero);
        return null;
    }

    private static string? ReadDate(ReadOnlySpan<byte> text, out DateTime date)
    {
        date = default;
        if (text.Length < 10)
            return "input is too short";
        if (!TryDigits(text[..4], out var year))
            return "invalid character in year";
        if (text[4] != '-' || text[7] != '-')
            return "invalid date separator, expected `-`";
        if (!TryDigits(text[5..7], out var month))
            return "invalid character in month";
        if (!TryDigits(text[8..10], out var day))
            return "invalid character in day";
        if (year == 0)
            return "year 0 is out of range";
        if (month is < 1 or > 12)
            return "month value is outside expected range of 1-12";
        if (day < 1 || day > DateTime.DaysInMonth(year, month))
            return "day value is outside expected range";

        date = new DateTime(year, month, day);
        return null;
    }

    private static string? ReadClock(ReadOnlySpan<byte> text, out Clock clock)
    {
        clock = default;
        if (text.Length < 5)
            return "input is too short";
        if (!TryDigits(text[..2], out var hour))
            return "invalid character in hour";
        if (text[2] != ':')
            return "invalid time separator, expected `:`";
        if (!TryDigits(text[3..5], out var minute))
            return "invalid character in minute";
        if (hour > 23)
            return "hour value is outside expected range of 0-23";
        if (minute > 59)
            return "minute value is outside expected range of 0-59";

        var rest = text[5..];
        var problem = ReadSeconds(ref rest, out var ticks) ?? ReadOffset(rest, out clock);
        clock = clock with { Ticks = ticks + (hour * TimeSpan.TicksPerHour) + (minute * TimeSpan.TicksPerMinute) };
        return problem;
    }

    private static string? ReadSeconds(ref ReadOnlySpan<byte> rest, out long ticks)
    {
        ticks = 0;
        if (rest.IsEmpty || rest[0] != ':')
            return null;
        if (rest.Length < 3 || !TryDigits(rest[1..3], out var second))
            return "invalid character in second";
        if (second > 59)
            return "second value is outside expected range of 0-59";

        ticks = second * TimeSpan.TicksPerSecond;
        rest = rest[3..];
        if (rest.IsEmpty || rest[0] is not ((byte)'.' or (byte)','))
            return null;

        rest = rest[1..];
        var digits = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits < 0)
            digits = rest.Length;
        if (digits == 0)
            return "second fraction digits missing after `.`";

        // What is beyond microseconds is cut, not rounded.
        for (var (i, unit) = (0, TimeSpan.TicksPerSecond / 10); i < Math.Min(digits, 6); i++, unit /= 10)
            ticks += (rest[i] - '0') * unit;

        rest = rest[digits..];
        return null;
    }

    private static string? ReadOffset(ReadOnlySpan<byte> rest, out Clock clock)
    {
        clock = default;
        if (rest.IsEmpty)
            return null;
        if (rest[0] is (byte)'Z' or (byte)'z')
            return rest.Length == 1 ? null : "unexpected extra characters at the end of the input";

        // ISO 8601 also knows the typographic minus sign.
        var sign = rest[0] == '+' ? 1 : -1;
        var signBytes = rest.StartsWith("\u2212"u8) ? 3 : 1;
        if (signBytes == 1 && rest[0] is not ((byte)'+' or (byte)'-'))
            return "invalid timezone sign";

        rest = rest[signBytes..];
        if (rest.Length < 2 || !TryDigits(rest[..2], out var hours))
            return "invalid timezone hour";

        rest = rest[(rest.Length > 2 && rest[2] == ':' ? 3 : 2)..];
        if (rest.Length < 2 || !TryDigits(rest[..2], out var minutes))
            return "invalid timezone minute";
        if (rest.Length > 2)
            return "unexpected extra characters at the end of the input";
        if (minutes > 59)
            return "timezone minute value is outside expected range of 0-59";
        if (hours > 23)
            return "timezone offset must be less than 24 hours";

        clock = new Clock(0, sign * ((hours * TimeSpan.TicksPerHour) + (minutes * TimeSpan.TicksPerMinute)));
        return null;
    }

    private static bool TryDigits(ReadOnlySpan<byte> digits, out int value) =>
        Utf8Parser.TryParse(digits, out value, out var used)
        && used == digits.Length
        && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    private readonly record struct Clock(long Ticks, long Offset);
}
