using System.Text.Json;

namespace Eventix.Contract.Tests.Golden;

/// <summary>The comparison itself must be able to fail.</summary>
public sealed class ComparisonTests
{
    private static readonly DateTimeOffset Began = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("1", "2")]
    [InlineData("1", "null")]
    [InlineData("null", "0")]
    [InlineData("true", "false")]
    [InlineData("\"a\"", "\"b\"")]
    [InlineData("\"<uid>\"", "\"aaa1\"")]
    [InlineData("\"1-<hash>\"", "\"2-0123456789abcdef0123456789abcdef\"")]
    [InlineData("\"1-<hash>\"", "1")]
    [InlineData("\"<now>\"", "\"2025-12-31T23:59:59Z\"")]
    [InlineData("\"<now>\"", "\"2026-01-01T00:00:11Z\"")]
    [InlineData("\"<now>\"", "\"2026-01-01T00:00:01.123Z\"")]
    [InlineData("\"<now>\"", "\"2026-01-01T00:00:01+00:00\"")]
    [InlineData("\"<now+300s>\"", "\"2026-01-01T00:04:59Z\"")]
    [InlineData("[1]", "[1,2]")]
    [InlineData("{\"a\":1}", "{}")]
    [InlineData("{\"error_payload\":{}}", "{\"error_payload\":{\"uid\":\"x\"}}")]
    [InlineData("{\"uid\":\"x\"}", "{\"uid\":\"x\",\"task\":\"demo\"}")]
    public void A_difference_is_seen(string expected, string actual) => Differences(expected, actual).Should().NotBeEmpty();

    [Theory]
    [InlineData("1", "1.0")]
    [InlineData("\"<any>\"", "[]")]
    [InlineData("\"<uid>\"", "\"0123456789abcdef0123456789abcdef\"")]
    [InlineData("\"changed to 1-<hash>\"", "\"changed to 1-0123456789abcdef0123456789abcdef\"")]
    [InlineData("\"<now>\"", "\"2026-01-01T00:00:01.123456Z\"")]
    [InlineData("\"<now+300s>\"", "\"2026-01-01T00:05:10Z\"")]
    [InlineData("{\"a\":1}", "{\"b\":2,\"a\":1}")]
    public void What_a_mask_or_an_addition_allows_is_no_difference(string expected, string actual) =>
        Differences(expected, actual).Should().BeEmpty();

    private static IReadOnlyList<string> Differences(string expected, string actual)
    {
        var comparison = new Comparison(Began, Began.AddSeconds(10));
        comparison.Compare(JsonDocument.Parse(expected).RootElement, JsonDocument.Parse(actual).RootElement);

        return comparison.Differences;
    }
}
