using MongoDB.Bson;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// What JSON does not give back of a document's args, kwargs and result: dates, ids, NaN, the width of integers. Kept as a BSON document with just
/// those fields beside the imported task (`eventix_import_note.original`), so that the JSON stays what it looks like: somebody's own
/// `{"$date": "…"}` is an object here as it was there.
/// </summary>
internal static class OriginalValues
{
    private static readonly int[] Fields = [LegacyField.Args, LegacyField.Kwargs, LegacyField.Result];

    /// <summary>A BSON document with the fields that are not exact; null when all are.</summary>
    public static byte[]? Of(ref DocumentFields document, bool argsAreExact, bool kwargsAreExact, bool resultIsExact)
    {
        if (argsAreExact && kwargsAreExact && resultIsExact)
            return null;

        ReadOnlySpan<bool> isExact = [argsAreExact, kwargsAreExact, resultIsExact];
        var bson = new BsonBuffer();
        var begin = bson.Begin();
        for (var n = 0; n < Fields.Length; n++)
        {
            if (isExact[n])
                continue;

            bson.SetType(bson.Name(LegacyField.Names[Fields[n]]), document.Type(Fields[n]));
            bson.Raw(document.Value(Fields[n]));
        }

        bson.End(begin);
        return bson.Written.ToArray();
    }

    /// <summary>Args and kwargs of one document and the result of another, as a merge leaves them.</summary>
    public static byte[]? Merged(byte[]? argumentsFrom, byte[]? resultFrom)
    {
        var bson = new BsonBuffer();
        var begin = bson.Begin();
        var empty = bson.Length;
        Copy(argumentsFrom, bson, name => name is "args" or "kwargs");
        Copy(resultFrom, bson, name => name is "result");
        if (bson.Length == empty)
            return null;

        bson.End(begin);
        return bson.Written.ToArray();
    }

    /// <summary>
    /// Writes a stored value into a document for the old server: as it was there before, if that is what is stored, and else as the JSON says
    /// (integers as Int32 or Int64, as they fit; objects as objects).
    /// </summary>
    /// <param name="original">What was kept of the imported document; null for nothing.</param>
    /// <param name="field">`args`, `kwargs` or `result`.</param>
    /// <param name="json">What is stored.</param>
    /// <param name="bson">Into this document.</param>
    /// <exception cref="FormatException">It holds what BSON cannot: an integer beyond 64 bits, a key with NUL.</exception>
    public static void Write(byte[]? original, string field, ReadOnlySpan<byte> json, BsonBuffer bson)
    {
        if (original is not null)
        {
            var elements = new BsonElements(original);
            while (elements.Next())
            {
                if (BsonElements.ToText(elements.Name) != field || !IsSame(elements.Type, elements.Value, json))
                    continue;

                bson.SetType(bson.Name(field), elements.Type);
                bson.Raw(elements.Value);
                return;
            }
        }

        BsonFromJson.Write(field, json, bson, BsonFromJsonForm.Plain);
    }

    /// <summary>Whether the JSON says what the import made of the value, whatever its spaces.</summary>
    private static bool IsSame(BsonType type, ReadOnlySpan<byte> value, ReadOnlySpan<byte> json)
    {
        var imported = new System.Buffers.ArrayBufferWriter<byte>();
        BsonJson.Write(type, value, imported, BsonJsonForm.Plain);

        return json.SequenceEqual(imported.WrittenSpan) || Normal(json).SequenceEqual(Normal(imported.WrittenSpan));
    }

    private static ReadOnlySpan<byte> Normal(ReadOnlySpan<byte> json)
    {
        var bson = new BsonBuffer();
        BsonFromJson.Write("v", json, bson, BsonFromJsonForm.Plain);
        return bson.Written;
    }

    private static void Copy(byte[]? document, BsonBuffer bson, Func<string, bool> only)
    {
        if (document is null)
            return;

        var elements = new BsonElements(document);
        while (elements.Next())
        {
            var name = BsonElements.ToText(elements.Name);
            if (!only(name))
                continue;

            bson.SetType(bson.Name(name), elements.Type);
            bson.Raw(elements.Value);
        }
    }
}
