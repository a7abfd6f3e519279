using System.IO.Pipelines;
using Eventix.Application.Migration;
using Eventix.Infrastructure.Migration.Sources;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Tests.Migration.Sources;

public sealed class BsonDumpTests
{
    private static readonly byte[] First = new BsonDocument("_id", "first").ToBson();
    private static readonly byte[] Second = new BsonDocument("_id", "second").ToBson();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Documents_are_read_one_after_another_from_a_stream_that_cannot_seek()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(First.AsMemory(0, 3), Cancel);
        var reading = ReadAllAsync(pipe.Reader.AsStream());
        await pipe.Writer.WriteAsync(First.AsMemory(3), Cancel);
        await pipe.Writer.WriteAsync(Second, Cancel);
        await pipe.Writer.CompleteAsync();

        (await reading).Should().BeEquivalentTo(new[] { First, Second }, options => options.WithStrictOrdering());
    }

    [Fact]
    public async Task An_empty_file_has_no_documents() => (await ReadAllAsync(new MemoryStream())).Should().BeEmpty();

    [Theory]
    [InlineData(2, "*ends after 2 of the 4 bytes*")]
    [InlineData(10, "*ends after 10 of the * bytes of a document*")]
    public async Task A_file_that_breaks_off_names_where(int kept, string message)
    {
        var read = new List<byte[]>();

        var reading = async () => await ReadIntoAsync(read, [.. First, .. Second[..kept]]);

        var damage = (await reading.Should().ThrowAsync<CorruptDumpException>().WithMessage(message)).Which;
        damage.Offset.Should().Be(First.Length);
        read.Should().ContainSingle();
    }

    [Theory]
    [InlineData(4)]
    [InlineData(-1)]
    [InlineData(50_000_000)]
    public async Task An_impossible_length_names_where(int length)
    {
        var reading = async () => await ReadIntoAsync([], [.. First, .. BitConverter.GetBytes(length), .. Second]);

        (await reading.Should().ThrowAsync<CorruptDumpException>().WithMessage($"*{length} bytes*")).Which.Offset.Should().Be(First.Length);
    }

    [Fact]
    public async Task A_document_without_its_end_names_where()
    {
        byte[] broken = [.. First[..^1], 7];

        var reading = async () => await ReadIntoAsync([], [.. Second, .. broken]);

        (await reading.Should().ThrowAsync<CorruptDumpException>().WithMessage("*zero byte*")).Which.Offset.Should().Be(Second.Length);
    }

    private static async Task<List<byte[]>> ReadAllAsync(Stream stream)
    {
        var documents = new List<byte[]>();
        await foreach (var document in BsonDump.ReadAsync(stream, offset: 0, Cancel))
            documents.Add(document.Bson);

        return documents;
    }

    private static async Task ReadIntoAsync(List<byte[]> documents, byte[] file)
    {
        await foreach (var document in BsonDump.ReadAsync(new MemoryStream(file), offset: 0, Cancel))
            documents.Add(document.Bson);
    }
}
