using System.Globalization;

namespace Eventix.Domain.Tests;

public sealed class TimeOrderedUidTests
{
    [Fact]
    public void It_is_32_lower_case_hex_digits_that_begin_with_the_time()
    {
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var uid = TimeOrderedUid.New();
        var after = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

        uid.Should().MatchRegex("^[0-9a-f]{32}$");
        long.Parse(uid.AsSpan(0, 12), NumberStyles.HexNumber, CultureInfo.InvariantCulture).Should().BeInRange(before, after);
    }

    [Fact]
    public void Each_is_another_one() => Enumerable.Range(0, 10_000).Select(_ => TimeOrderedUid.New()).Should().OnlyHaveUniqueItems();
}
