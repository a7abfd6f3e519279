using System.Buffers.Binary;
using System.Text;
using MongoDB.Bson;
using MongoDB.Bson.IO;
using MongoDB.Bson.Serialization;
using MongoDB.Bson.Serialization.Serializers;

namespace Eventix.Testing.Migration;

/// <summary>A message of the wire protocol: OP_MSG, and OP_QUERY for the first greeting.</summary>
internal sealed class MongoMessage
{
    private const int HeaderBytes = 16;
    private const int OpReply = 1;
    private const int OpQuery = 2004;
    private const int OpMsg = 2013;
    private const uint HasChecksum = 1;
    private const uint MoreToCome = 2;

    private static int _lastId;

    private readonly int _id;
    private readonly int _code;

    private MongoMessage(int id, int code, byte[] body)
    {
        (_id, _code) = (id, code);
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(body);
        WantsAnswer = code == OpQuery || (flags & MoreToCome) == 0;
        Command = code switch
        {
            OpMsg => ReadSections(body, (flags & HasChecksum) == 0 ? body.Length : body.Length - sizeof(uint)),
            OpQuery => ReadQuery(body),
            _ => throw new InvalidDataException($"Messages of the code {code} are not known."),
        };
    }

    /// <summary>With the documents of its sequences as arrays.</summary>
    public BsonDocument Command { get; }

    public bool WantsAnswer { get; }

    /// <exception cref="EndOfStreamException">The client has gone.</exception>
    public static async Task<MongoMessage> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderBytes];
        await stream.ReadExactlyAsync(header, cancellationToken);
        var body = new byte[BinaryPrimitives.ReadInt32LittleEndian(header) - HeaderBytes];
        await stream.ReadExactlyAsync(body, cancellationToken);

        return new MongoMessage(
            BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4)),
            BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(12)),
            body
        );
    }

    /// <summary>The bytes of an answer to this message.</summary>
    public byte[] Frame(BsonDocument answer)
    {
        var document = answer.ToBson(writerSettings: new BsonBinaryWriterSettings { MaxSerializationDepth = 500 });
        using var frame = new MemoryStream();
        using var writer = new BinaryWriter(frame);
        writer.Write(0);
        writer.Write(Interlocked.Increment(ref _lastId));
        writer.Write(_id);
        if (_code == OpMsg)
        {
            writer.Write(OpMsg);
            writer.Write(0);
            writer.Write((byte)0);
        }
        else
        {
            const int AwaitCapable = 8;
            writer.Write(OpReply);
            writer.Write(AwaitCapable);
            writer.Write(0L);
            writer.Write(0);
            writer.Write(1);
        }

        writer.Write(document);
        var bytes = frame.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length);
        return bytes;
    }

    private static BsonDocument ReadQuery(byte[] body)
    {
        var collectionEnd = Array.IndexOf(body, (byte)0, sizeof(int));
        return Document(body, collectionEnd + 1 + (2 * sizeof(int)), out _);
    }

    private static BsonDocument ReadSections(byte[] body, int end)
    {
        var command = new BsonDocument();
        var sequences = new List<(string Name, BsonArray Documents)>();
        for (var at = sizeof(uint); at < end; )
        {
            if (body[at++] == 0)
                command = Document(body, at, out at);
            else
                sequences.Add(Sequence(body, at, out at));
        }

        foreach (var (name, documents) in sequences)
            command[name] = documents;

        return command;
    }

    private static (string Name, BsonArray Documents) Sequence(byte[] body, int at, out int end)
    {
        end = at + BinaryPrimitives.ReadInt32LittleEndian(body.AsSpan(at));
        var nameEnd = Array.IndexOf(body, (byte)0, at + sizeof(int));
        var name = Encoding.UTF8.GetString(body.AsSpan((at + sizeof(int))..nameEnd));

        var documents = new BsonArray();
        for (at = nameEnd + 1; at < end; )
            documents.Add(Document(body, at, out at));

        return (name, documents);
    }

    private static BsonDocument Document(byte[] body, int at, out int end)
    {
        end = at + BinaryPrimitives.ReadInt32LittleEndian(body.AsSpan(at));
        using var reader = new BsonBinaryReader(
            new MemoryStream(body, at, end - at),
            new BsonBinaryReaderSettings { FixOldBinarySubTypeOnInput = false, MaxDocumentSize = int.MaxValue }
        );

        return BsonDocumentSerializer.Instance.Deserialize(
            BsonDeserializationContext.CreateRoot(reader, root => root.AllowDuplicateElementNames = true)
        );
    }
}
