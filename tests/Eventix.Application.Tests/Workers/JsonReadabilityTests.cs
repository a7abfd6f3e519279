using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Eventix.Application.Workers;

namespace Eventix.Application.Tests.Workers;

public sealed class JsonReadabilityTests
{
    public sealed record Tree(string Name, IReadOnlyList<Tree> Branches);

    public sealed record Around(Stream Inner);

    public interface IShape;

    [JsonPolymorphic]
    [JsonDerivedType(typeof(Circle), "circle")]
    public abstract record Shape;

    public sealed record Circle(double Radius) : Shape;

    public sealed class Picky
    {
        public Picky(string name) => Name = name ?? throw new ArgumentNullException(nameof(name));

        public string Name { get; }
    }

    public sealed class Ambiguous
    {
        public Ambiguous(int one) => One = one;

        public Ambiguous(string two) => One = two.Length;

        public int One { get; }
    }

    [Theory]
    [InlineData(typeof(int))]
    [InlineData(typeof(int?))]
    [InlineData(typeof(string))]
    [InlineData(typeof(DayOfWeek))]
    [InlineData(typeof(DateTimeOffset))]
    [InlineData(typeof(DateOnly))]
    [InlineData(typeof(TimeSpan))]
    [InlineData(typeof(Guid))]
    [InlineData(typeof(Uri))]
    [InlineData(typeof(decimal))]
    [InlineData(typeof(byte[]))]
    [InlineData(typeof(object))]
    [InlineData(typeof(JsonElement))]
    [InlineData(typeof(JsonNode))]
    [InlineData(typeof(JsonDocument))]
    [InlineData(typeof(IReadOnlyList<double>))]
    [InlineData(typeof(ISet<string>))]
    [InlineData(typeof(ImmutableArray<int>))]
    [InlineData(typeof(IReadOnlyDictionary<string, Tree>))]
    [InlineData(typeof(KeyValuePair<string, int>))]
    [InlineData(typeof(Tree))]
    [InlineData(typeof(Shape))]
    [InlineData(typeof(Picky))]
    [InlineData(typeof(RawArgs))]
    public void What_can_be_read_is_let_through(Type type) => JsonReadability.Unreadable(type).Should().BeNull();

    [Theory]
    [InlineData(typeof(Stream), typeof(Stream))]
    [InlineData(typeof(Type), typeof(Type))]
    [InlineData(typeof(Action), typeof(Action))]
    [InlineData(typeof(IntPtr), typeof(IntPtr))]
    [InlineData(typeof(IShape), typeof(IShape))]
    [InlineData(typeof(Ambiguous), typeof(Ambiguous))]
    [InlineData(typeof(ReadOnlySpan<int>), typeof(ReadOnlySpan<int>))]
    [InlineData(typeof(List<IShape>), typeof(IShape))]
    [InlineData(typeof(Dictionary<string, Stream[]>), typeof(Stream))]
    [InlineData(typeof(Around), typeof(Stream))]
    public void What_cannot_is_named_wherever_it_is(Type type, Type unreadable) => JsonReadability.Unreadable(type).Should().Be(unreadable);
}
