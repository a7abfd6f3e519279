using System.Globalization;
using System.Text.RegularExpressions;

namespace Eventix.Application.Tasks;

/// <summary>
/// What a field of a task accepts besides its own type, as the Python server did: numbers as text, truth as words, times in many spellings.
/// The same for requests and for documents of the old server.
/// </summary>
public static partial class LaxInput
{
    // Numbers above this are milliseconds: as seconds they would lie beyond the year 2603.
    private const double LargestSeconds = 2e10;

    /// <summary>
    /// Reads ISO 8601 with `T`, `t`, `_` or a space between date and time; seconds and fraction optional, digits after the sixth are cut; offset
    /// `Z`, `z`, `+05:30`, `+0530` or none, which means UTC; a date alone is its midnight. Also a unix time as text. Refused: the compact form
    /// `20230101T…`, hour 24.
    /// </summary>
    /// <param name="time">In UTC.</param>
    public static bool TryReadTime(string text, out DateTimeOffset time)
    {
        time = default;

        if (UnixTime().IsMatch(text))
            return TryReadTime(double.Parse(text, CultureInfo.InvariantCulture), out time);

        var match = IsoTime().Match(text);
        if (!match.Success)
            return false;

        var (year, month, day) = (Number(match, "year"), Number(match, "month"), Number(match, "day"));
        if (year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month))
            return false;

        var (hour, minute, second) = (Number(match, "hour"), Number(match, "minute"), Number(match, "second"));
        var (offsetHour, offsetMinute) = (Number(match, "offsetHour"), Number(match, "offsetMinute"));
        if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59)
            return false;

        var micros = match.Groups["fraction"].Value.PadRight(6, '0')[..6];
        var offset = new TimeSpan(offsetHour, offsetMinute, 0) * (match.Groups["sign"].Value == "-" ? -1 : 1);
        var ticks =
            new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks
            + (int.Parse(micros, CultureInfo.InvariantCulture) * TimeSpan.TicksPerMicrosecond)
            - offset.Ticks;

        return TryMakeTime(ticks, out time);
    }

    /// <summary>Reads a unix time in seconds, or in milliseconds when it is above 2e10.</summary>
    /// <param name="time">In UTC, to the microsecond.</param>
    public static bool TryReadTime(double unix, out DateTimeOffset time)
    {
        time = default;
        if (!double.IsFinite(unix))
            return false;

        var micros = Math.Round(Math.Abs(unix) > LargestSeconds ? unix * 1e3 : unix * 1e6);

        return Math.Abs(micros) < 1e18
            && TryMakeTime(DateTimeOffset.UnixEpoch.Ticks + ((Int128)micros * TimeSpan.TicksPerMicrosecond), out time);
    }

    /// <summary>Reads digits with a sign or none, as `7`, `-3` or `3.0`.</summary>
    public static bool TryReadInt(string text, out long number)
    {
        number = 0;
        var match = Integer().Match(text.Trim());

        return match.Success
            && long.TryParse(match.Groups["number"].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Reads a number without a fraction.</summary>
    public static bool TryReadInt(double value, out long number)
    {
        var isInteger = double.IsInteger(value) && Math.Abs(value) < 1e18;
        number = isInteger ? (long)value : 0;
        return isInteger;
    }

    /// <summary>Reads `true`, `yes`, `on`, `t`, `y`, `1` and their opposites, in any case; null for anything else.</summary>
    public static bool? ReadBool(string text) =>
        text.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" or "t" or "y" or "1" => true,
            "false" or "no" or "off" or "f" or "n" or "0" => false,
            _ => null,
        };

    /// <summary>Reads 0 and 1; null for anything else.</summary>
    public static bool? ReadBool(double number) =>
        number switch
        {
            0 => false,
            1 => true,
            _ => null,
        };

    private static bool TryMakeTime(Int128 ticks, out DateTimeOffset time)
    {
        var fits = ticks >= DateTime.MinValue.Ticks && ticks <= DateTime.MaxValue.Ticks;
        time = fits ? new DateTimeOffset((long)ticks, TimeSpan.Zero) : default;
        return fits;
    }

    private static int Number(Match match, string group) =>
        match.Groups[group] is { Success: true } digits ? int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"\A[+-]?[0-9]+(\.[0-9]*)?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UnixTime();

    [GeneratedRegex(
        @"\A(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})"
            + @"([Tt_ ](?<hour>[0-9]{2}):(?<minute>[0-9]{2})(:(?<second>[0-9]{2})([.,](?<fraction>[0-9]+))?)?"
            + @"([Zz]|(?<sign>[+-])(?<offsetHour>[0-9]{2}):?(?<offsetMinute>[0-9]{2}))?)?\z",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex IsoTime();

    [GeneratedRegex(@"\A(?<number>[+-]?[0-9]+)(\.0*)?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Integer();
}
