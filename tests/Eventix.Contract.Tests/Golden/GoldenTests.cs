using System.Text;
using System.Text.Json;

namespace Eventix.Contract.Tests.Golden;

/// <summary>The server answers what the Python server answered, or what it was decided to answer instead.</summary>
public sealed class GoldenTests(Replay replay) : IClassFixture<Replay>
{
    public static TheoryData<string> Built => [.. GoldenPair.All.Where(pair => !NotBuilt.Has(pair)).Select(pair => pair.Name)];

    public static TheoryData<string> LeftOut => [.. NotBuilt.Routes.Select(route => route.Route)];

    [Theory]
    [MemberData(nameof(Built))]
    public void Every_recorded_pair_is_answered_alike(string name)
    {
        var pair = GoldenPair.Named(name);
        var answer = replay[pair];

        answer.Status.Should().Be(pair.Status, Encoding.UTF8.GetString(answer.Body));
        if (pair.Answer is not { } expected)
        {
            answer.Body.Should().BeEmpty();
            answer.ContentType.Should().BeNull();
            return;
        }

        answer.ContentType.Should().Be("application/json");
        var comparison = new Comparison(replay.Began, answer.Came);
        comparison.Compare(expected, JsonDocument.Parse(answer.Body).RootElement);
        comparison.Differences.Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(LeftOut))]
    public async Task Only_a_route_that_does_not_exist_is_left_out(string route)
    {
        var pairs = NotBuilt.PairsOf(route).ToList();

        pairs.Should().NotBeEmpty("a line for a route without pairs leaves nothing out");
        foreach (var pair in pairs)
        {
            var answer = await replay.SendAsync(pair);
            (answer.Status, Encoding.UTF8.GetString(answer.Body))
                .Should()
                .Be((404, """{"detail":"Not Found"}"""), $"{pair.Name} has an answer now");
        }
    }

    [Fact]
    public void Only_what_depends_on_a_missing_route_is_left_out_with_it() =>
        NotBuilt.Routes.SelectMany(route => route.Dependents).Should().BeSubsetOf(GoldenPair.All.Select(pair => pair.Name));
}
