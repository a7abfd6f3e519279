using Eventix.Application.Workers;

namespace Eventix.Application.Tests.Workers;

public sealed class UniqueKeyTemplateTests
{
    public sealed record Order(int OrderId, string Shop, DateOnly Day = default, string? Note = null)
    {
        public string Prefix => Shop[..1];
    }

    [Theory]
    [InlineData("order-{order_id}", "order-7")]
    [InlineData("order-{OrderId}", "order-7")]
    [InlineData("{shop}/{order_id}", "ä \"b\"/7")]
    [InlineData("{prefix}{prefix}", "ää")]
    [InlineData("{day}", "2026-01-09")]
    [InlineData("{note}", "null")]
    [InlineData("nightly", "nightly")]
    [InlineData("", "")]
    [InlineData("{{{order_id}}}", "{7}")]
    public void Members_stand_in_braces_by_either_name(string template, string key)
    {
        var mistakes = new List<string>();

        UniqueKeyTemplate.Read(template, typeof(Order), mistakes)!.Of(new Order(7, "ä \"b\"", new DateOnly(2026, 1, 9))).Should().Be(key);
        mistakes.Should().BeEmpty();
    }

    [Theory]
    [InlineData("{order}{id}", 2)]
    [InlineData("{}", 1)]
    [InlineData("a}b", 1)]
    [InlineData("{order_id", 1)]
    public void What_cannot_be_filled_in_is_a_mistake(string template, int count)
    {
        var mistakes = new List<string>();

        UniqueKeyTemplate.Read(template, typeof(Order), mistakes).Should().BeNull();
        mistakes.Should().HaveCount(count).And.OnlyContain(mistake => mistake.StartsWith("its UniqueKey"));
    }
}
