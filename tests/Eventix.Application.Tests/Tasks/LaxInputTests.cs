using System.Globalization;
using System.Text;
using Eventix.Application.Tasks;

namespace Eventix.Application.Tests.Tasks;

public sealed class LaxInputTests
{
    [Theory]
    [InlineData("2023-01-01T10:00:00Z", "2023-01-01T10:00:00Z")]
    [InlineData("2023-01-01t10:00:00z", "2023-01-01T10:00:00Z")]
    [InlineData("2023-01-01 10:00:00", "2023-01-01T10:00:00Z")]
    [InlineData("2023-01-01_10:00:00", "2023-01-01T10:00:00Z")]
    [InlineData("2023-01-01T10:00", "2023-01-01T10:00:00Z")]
    [InlineData("2023-01-01T10:00Z", "2023-01-01T10:00:00Z")]
    [InlineData("2023-01-01", "2023-01-01T00:00:00Z")]
    [InlineData("2024-02-29", "2024-02-29T00:00:00Z")]
    [InlineData("2023-01-01T10:00:00+00:00", "2023-01-01T10:00:00Z")]
    [InlineData("2023-01-01T10:00:00+05:30", "2023-01-01T04:30:00Z")]
    [InlineData("2023-01-01T10:00:00+0530", "2023-01-01T04:30:00Z")]
    [InlineData("2023-01-01T10:00:00-08:00", "2023-01-01T18:00:00Z")]
    [InlineData("2023-01-01T10:00:00−08:00", "2023-01-01T18:00:00Z")]
    [InlineData("2023-01-01T00:30:00+23:59", "2022-12-31T00:31:00Z")]
    [InlineData("2023-01-01T10:00:00.1Z", "2023-01-01T10:00:00.100000Z")]
    [InlineData("2023-01-01T10:00:00,123Z", "2023-01-01T10:00:00.123000Z")]
    [InlineData("2023-01-01T10:00:00.123456789Z", "2023-01-01T10:00:00.123456Z")]
    [InlineData("2023-01-01T10:00:00.000000+02:00", "2023-01-01T08:00:00Z")]
    [InlineData("0001-01-01T00:00:00.000001Z", "0001-01-01T00:00:00.000001Z")]
    [InlineData("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z")]
    [InlineData("1672567200", "2023-01-01T10:00:00Z")]
    [InlineData("+1672567200", "2023-01-01T10:00:00Z")]
    [InlineData("1672567200.5", "2023-01-01T10:00:00.500000Z")]
    [InlineData("1672567200123", "2023-01-01T10:00:00.123000Z")]
    [InlineData("-1.25", "1969-12-31T23:59:58.750000Z")]
    [InlineData("20230101", "1970-08-23T03:28:21Z")]
    public void Text_is_read_in_every_form_of_the_contract(string text, string expected)
    {
        LaxInput.TryReadTime(Encoding.UTF8.GetBytes(text), out var time, out var problem).Should().BeTrue(problem);

        time.Offset.Should().Be(TimeSpan.Zero);
        time.Should().Be(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("", "input is too short")]
    [InlineData("zzz", "input is too short")]
    [InlineData("tomorrow morning", "invalid character in year")]
    [InlineData("20230101T100000Z", "invalid date separator, expected `-`")]
    [InlineData("2023-01-01T24:00:00Z", "hour value is outside expected range of 0-23")]
    [InlineData("2023-01-01T10:60:00Z", "minute value is outside expected range of 0-59")]
    [InlineData("2023-01-01T10:00:60Z", "second value is outside expected range of 0-59")]
    [InlineData("2023-01-01T10", "input is too short")]
    [InlineData("2023-01-01T10.00", "invalid time separator, expected `:`")]
    [InlineData("2023-01-01T10:00:0", "invalid character in second")]
    [InlineData("2023-01-01T10:00:00.", "second fraction digits missing after `.`")]
    [InlineData("2023-01-01T10:00:00 ", "invalid timezone sign")]
    [InlineData("2023-01-01T10:00:00Zulu", "unexpected extra characters at the end of the input")]
    [InlineData("2023-01-01T10:00:00+05", "invalid timezone minute")]
    [InlineData("2023-01-01T10:00:00+24:00", "timezone offset must be less than 24 hours")]
    [InlineData("2023-01-01T10:00:00+05:60", "timezone minute value is outside expected range of 0-59")]
    [InlineData("2023-01-01X10:00:00", "invalid datetime separator, expected `T`, `t`, `_` or space")]
    [InlineData("2023-13-01", "month value is outside expected range of 1-12")]
    [InlineData("2023-02-29", "day value is outside expected range")]
    [InlineData("0000-01-01", "year 0 is out of range")]
    [InlineData("0001-01-01T00:00:00+01:00", "year is out of range")]
    [InlineData("9999-12-31T23:00:00-02:00", "year is out of range")]
    [InlineData("+999-01-01", "invalid character in year")]
    [InlineData("-20000000000", "dates before 1600 are not supported as unix timestamps")]
    [InlineData("99999999999999999", "dates after 9999 are not supported as unix timestamps")]
    [InlineData("1e9", "input is too short")]
    public void Other_text_is_refused_with_the_reason(string text, string expected)
    {
        LaxInput.TryReadTime(Encoding.UTF8.GetBytes(text), out _, out var problem).Should().BeFalse();

        problem.Should().Be(expected);
    }

    [Theory]
    [InlineData(0, "1970-01-01T00:00:00Z")]
    [InlineData(1672567200, "2023-01-01T10:00:00Z")]
    [InlineData(1672567200.123456, "2023-01-01T10:00:00.123456Z")]
    [InlineData(-0.5, "1969-12-31T23:59:59.500000Z")]
    [InlineData(2e10, "2603-10-11T11:33:20Z")]
    [InlineData(20000000001, "1970-08-20T11:33:20.001000Z")]
    [InlineData(-20000000001, "1969-05-14T12:26:39.999000Z")]
    [InlineData(253402300799999, "9999-12-31T23:59:59.999000Z")]
    public void Unix_time_is_milliseconds_beyond_the_watershed(double unix, string expected)
    {
        LaxInput.TryReadTime(unix, out var time, out var problem).Should().BeTrue(problem);

        time.Should().Be(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(253402300800000)]
    [InlineData(-2e10)]
    [InlineData(1e300)]
    public void Unix_time_beyond_the_calendar_is_refused(double unix) => LaxInput.TryReadTime(unix, out _, out _).Should().BeFalse();

    [Theory]
    [InlineData("7", "7")]
    [InlineData(" -3 ", "-3")]
    [InlineData("+3.0", "+3")]
    [InlineData("1_000", "1000")]
    [InlineData("99999999999999999999", "99999999999999999999")]
    public void A_whole_number_is_read_from_text(string text, string digits)
    {
        LaxInput.TryReadDigits(text, out var read).Should().BeTrue();

        read.Should().Be(digits);
    }

    [Theory]
    [InlineData("")]
    [InlineData("+")]
    [InlineData("3.5")]
    [InlineData("3.")]
    [InlineData("1__0")]
    [InlineData("_1")]
    [InlineData("seven")]
    [InlineData("1e3")]
    public void What_is_not_a_whole_number_is_refused(string text) => LaxInput.TryReadDigits(text, out _).Should().BeFalse();

    [Theory]
    [InlineData("yes", true)]
    [InlineData("ON", true)]
    [InlineData("1", true)]
    [InlineData("False", false)]
    [InlineData("off", false)]
    [InlineData("maybe", null)]
    public void Truth_is_read_from_words(string text, bool? truth) => LaxInput.ReadBool(text).Should().Be(truth);
}
