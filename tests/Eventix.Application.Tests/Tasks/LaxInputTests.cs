using System.Globalization;
using Eventix.Application.Tasks;

namespace Eventix.Application.Tests.Tasks;

public sealed class LaxInputTests
{
    [Theory]
    [InlineData("2023-01-01T10:00:00Z", "2023-01-01T10:00:00.000000")]
    [InlineData("2023-01-01t10:00:00z", "2023-01-01T10:00:00.000000")]
    [InlineData("2023-01-01 10:00", "2023-01-01T10:00:00.000000")]
    [InlineData("2023-01-01T10:00:00", "2023-01-01T10:00:00.000000")]
    [InlineData("2023-01-01T10:00:00+00:00", "2023-01-01T10:00:00.000000")]
    [InlineData("2023-01-01T10:00:00+05:30", "2023-01-01T04:30:00.000000")]
    [InlineData("2023-01-01T10:00:00-0530", "2023-01-01T15:30:00.000000")]
    [InlineData("2023-01-01T10:00:00.1Z", "2023-01-01T10:00:00.100000")]
    [InlineData("2023-01-01T10:00:00.1234567899", "2023-01-01T10:00:00.123456")]
    [InlineData("2023-01-01", "2023-01-01T00:00:00.000000")]
    [InlineData("1672567200", "2023-01-01T10:00:00.000000")]
    [InlineData("1672567200.5", "2023-01-01T10:00:00.500000")]
    [InlineData("1672567200123", "2023-01-01T10:00:00.123000")]
    [InlineData("-1", "1969-12-31T23:59:59.000000")]
    public void A_time_is_read_in_every_spelling(string text, string utc)
    {
        LaxInput.TryReadTime(text, out var time).Should().BeTrue();

        time.Offset.Should().Be(TimeSpan.Zero);
        time.ToString("yyyy-MM-ddTHH:mm:ss.ffffff", CultureInfo.InvariantCulture).Should().Be(utc);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tomorrow")]
    [InlineData("20230101T100000Z")]
    [InlineData("2023-01-01T24:00:00Z")]
    [InlineData("2023-01-01T10:60:00Z")]
    [InlineData("2023-02-29")]
    [InlineData("2023-13-01")]
    [InlineData("0000-01-01")]
    [InlineData("2023-01-01T10:00:00+25:00")]
    [InlineData("2023-01-01T10:00:00 ")]
    [InlineData("0001-01-01T00:00:00+01:00")]
    [InlineData("9999-12-31T23:00:00-02:00")]
    [InlineData("99999999999999999999")]
    public void What_is_not_a_time_is_refused(string text) => LaxInput.TryReadTime(text, out _).Should().BeFalse();

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e15)]
    public void A_number_beyond_the_calendar_is_no_time(double unix) => LaxInput.TryReadTime(unix, out _).Should().BeFalse();

    [Theory]
    [InlineData("7", 7)]
    [InlineData(" -3 ", -3)]
    [InlineData("+3.0", 3)]
    public void An_integer_is_read_from_text(string text, long number)
    {
        LaxInput.TryReadInt(text, out var read).Should().BeTrue();

        read.Should().Be(number);
    }

    [Theory]
    [InlineData("")]
    [InlineData("3.5")]
    [InlineData("seven")]
    [InlineData("1e3")]
    [InlineData("99999999999999999999")]
    public void What_is_not_an_integer_is_refused(string text) => LaxInput.TryReadInt(text, out _).Should().BeFalse();

    [Theory]
    [InlineData(3.0, true)]
    [InlineData(3.5, false)]
    [InlineData(double.NaN, false)]
    [InlineData(1e300, false)]
    public void Only_a_whole_number_is_an_integer(double value, bool isInteger) => LaxInput.TryReadInt(value, out _).Should().Be(isInteger);

    [Theory]
    [InlineData("yes", true)]
    [InlineData("ON", true)]
    [InlineData("1", true)]
    [InlineData("False", false)]
    [InlineData("off", false)]
    [InlineData("maybe", null)]
    public void Truth_is_read_from_words(string text, bool? truth) => LaxInput.ReadBool(text).Should().Be(truth);
}
