using System.Text;
using System.Text.Json;

namespace Eventix.Contract.Tests.Golden;

/// <summary>The server answers what the Python server answered, or what it was decided to answer instead.</summary>
public sealed class GoldenTests(Replay replay) : IClassFixture<Replay>
{
    public static TheoryData<string> Pairs => [.. GoldenPair.All.Select(pair => pair.Name)];

    [Theory]
    [MemberData(nameof(Pairs))]
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
}
