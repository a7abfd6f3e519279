using System.Text.Json;

namespace Eventix.Infrastructure.Migration.Sources;

/// <summary>
/// Makes BSON of a document that a file holds as JSON: Extended JSON as mongoexport writes it (`_id`), plain JSON with the names of the wire as the
/// Python CLI writes it (`uid`, `revision`), or a line of an import's report, with the document inside.
/// </summary>
internal static class JsonDocuments
{
    private static readonly byte[] ByteOrderMark = [0xef, 0xbb, 0xbf];

    public static LegacyDocument Read(byte[] json, LegacyPosition position)
    {
        var text = json.AsSpan().StartsWith(ByteOrderMark) ? json[3..] : json;
        try
        {
            return new LegacyDocument(ToBson(text), position);
        }
        catch (Exception broken)
            when (broken is JsonException or FormatException or InvalidOperationException or OverflowException or ArgumentException)
        {
            return new LegacyDocument(json, position, broken.Message);
        }
    }

    private static byte[] ToBson(ReadOnlySpan<byte> json)
    {
        // Python writes NaN and the infinities bare, which is no JSON.
        var finite = PythonNumbers.Wrap(json);
        var form = finite is null ? BsonFromJsonForm.Plain : BsonFromJsonForm.PlainWithPythonNumbers;
        if (finite is not null)
            json = finite;

        var fields = Fields(json);
        if (fields.ContainsKey("reason") && fields.Count == 2)
        {
            if (fields.TryGetValue("document", out var document))
                return ToBson(json[document]);
            if (fields.TryGetValue("bson", out var bson))
                return Base64(json[bson]);
            if (fields.TryGetValue("text", out var text))
                return ToBson(System.Text.Encoding.UTF8.GetBytes(Text(json[text])));
            if (fields.TryGetValue("bytes", out var bytes))
                return ToBson(Convert.FromBase64String(Text(json[bytes])));
        }

        return fields.ContainsKey("uid") && !fields.ContainsKey("_id")
            ? BsonFromJson.Document(
                json,
                form,
                name =>
                    name is "uid" ? "_id"
                    : name is "revision" ? "_rev"
                    : name
            )
            : BsonFromJson.Document(json, BsonFromJsonForm.Extended);
    }

    /// <summary>Where the values of the top level stand.</summary>
    private static Dictionary<string, Range> Fields(ReadOnlySpan<byte> json)
    {
        var fields = new Dictionary<string, Range>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = BsonFromJson.DeepestLevel });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new FormatException("It is no JSON object.");

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            fields[name] = start..(int)reader.BytesConsumed;
        }

        if (reader.Read())
            throw new FormatException("Something stands behind the JSON object.");

        return fields;
    }

    private static string Text(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        return reader.GetString() ?? "";
    }

    private static byte[] Base64(ReadOnlySpan<byte> json)
    {
        var bson = Convert.FromBase64String(Text(json));
        return BsonDump.IsBegin(bson) && BitConverter.ToInt32(bson) == bson.Length
            ? bson
            : throw new FormatException("Its `bson` is no BSON document.");
    }
}
