using System.Text;
using Eventix.Api.Http;

namespace Eventix.Api.Tests.Http;

public sealed class WireTimeTests
{
    [Fact]
    public void Written_times_are_utc_with_no_digits_or_six()
    {
        var time = new DateTimeOffset(2023, 1, 1, 10, 0, 0, TimeSpan.FromHours(2));

        Written(time).Should().Be("2023-01-01T08:00:00Z");
        Written(time.AddTicks(120)).Should().Be("2023-01-01T08:00:00.000012Z");
    }

    private static string Written(DateTimeOffset time)
    {
        var text = new byte[WireTime.MaxBytes];
        return Encoding.ASCII.GetString(text, 0, WireTime.Write(time, text));
    }
}
