using Eventix.Domain.Tasks;

namespace Eventix.Domain.Tests.Tasks;

public sealed class RevisionTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    [InlineData(long.MaxValue, long.MaxValue)]
    public void A_revision_reads_back_what_it_was_made_of(long incarnation, long counter)
    {
        var revision = new Revision(incarnation, counter);

        revision.ToString().Should().MatchRegex($"^{counter}-[0-9a-f]{{32}}$");
        Revision.Parse(revision.ToString()).Should().Be(revision);
    }

    [Fact]
    public void The_hex_part_differs_between_tasks_and_between_writes()
    {
        var texts = Enumerable
            .Range(1, 100)
            .SelectMany(id => Enumerable.Range(1, 100).Select(counter => new Revision(id, counter).ToString()[^32..]));

        texts.Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("-0123456789abcdef0123456789abcdef")]
    [InlineData("1-0123456789abcdef0123456789abcdef")]
    [InlineData("1-0123456789abcdef0123456789abcde")]
    [InlineData("1-0123456789abcdef0123456789abcdeg")]
    [InlineData("x-0123456789abcdef0123456789abcdef")]
    [InlineData("99999999999999999999-0123456789abcdef0123456789abcdef")]
    public void A_text_that_this_server_did_not_make_is_no_revision(string text) => Revision.Parse(text).Should().BeNull();

    [Fact]
    public void Another_spelling_of_a_revision_is_no_revision()
    {
        var text = new Revision(7, 3).ToString();

        Revision.Parse(text.ToUpperInvariant()).Should().BeNull();
        Revision.Parse("0" + text).Should().BeNull();
        Revision.Parse(string.Concat("4", text.AsSpan(1))).Should().BeNull();
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData("", 0)]
    [InlineData("abc", 0)]
    [InlineData("7", 0)]
    [InlineData("-7", 0)]
    [InlineData("x-7", 0)]
    [InlineData("1-2-3", 0)]
    [InlineData("7-0123456789abcdef0123456789abcdef", 7)]
    [InlineData("7-whatever", 7)]
    public void An_insert_counts_on_from_the_number_before_the_only_dash(string? text, long expected)
    {
        Revision.TryReadCounter(text, out var counter).Should().BeTrue();
        counter.Should().Be(expected);
    }

    [Theory]
    [InlineData("9223372036854775807-x")]
    [InlineData("99999999999999999999-x")]
    public void A_counter_that_cannot_be_counted_on_is_told(string text) => Revision.TryReadCounter(text, out _).Should().BeFalse();
}
