using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Eventix.Api.Http;

/// <summary>Text in JSON, as Python's json reads and writes it.</summary>
internal static class WireText
{
    private static readonly SearchValues<char> Plain = SearchValues.Create([
        .. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code).Where(c => c is not ('"' or '\\')),
    ]);

    private static readonly SearchValues<char> Escaped = SearchValues.Create([
        .. Enumerable.Range(0, ' ').Select(code => (char)code),
        '"',
        '\\',
    ]);

    /// <summary>
    /// Reads the inside of a JSON string that a reader found to be well-formed. Returns null when it has half a surrogate pair, which is no
    /// text that could be stored.
    /// </summary>
    public static string? Unescape(ReadOnlySpan<byte> inside)
    {
        if (!inside.Contains((byte)'\\'))
            return Encoding.UTF8.GetString(inside);

        var rented = ArrayPool<char>.Shared.Rent(inside.Length);
        try
        {
            var length = 0;
            while (!inside.IsEmpty)
            {
                var escape = inside.IndexOf((byte)'\\');
                var plain = escape < 0 ? inside : inside[..escape];
                length += Encoding.UTF8.GetChars(plain, rented.AsSpan(length));
                if (escape < 0)
                    break;

                var isCode = inside[escape + 1] == 'u';
                rented[length++] = isCode
                    ? (char)ushort.Parse(inside.Slice(escape + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
                    : Unescape((char)inside[escape + 1]);
                inside = inside[(escape + (isCode ? 6 : 2))..];
            }

            var text = rented.AsSpan(0, length);
            return HasHalfPair(text) ? null : new string(text);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(rented);
        }
    }

    /// <summary>
    /// Writes text with only what JSON requires escaped. .NET's most relaxed encoder still escapes emoji and a few hundred other characters.
    /// </summary>
    public static void WriteText(this Utf8JsonWriter writer, JsonEncodedText name, string? text)
    {
        writer.WritePropertyName(name);
        writer.WriteText(text);
    }

    /// <inheritdoc cref="WriteText(Utf8JsonWriter, JsonEncodedText, string)"/>
    public static void WriteText(this Utf8JsonWriter writer, string? text)
    {
        if (text is null)
            writer.WriteNullValue();
        else if (!text.AsSpan().ContainsAnyExcept(Plain))
            writer.WriteStringValue(text);
        else
            writer.WriteRawValue(Quote(text), skipInputValidation: true);
    }

    /// <summary>The same text as a JSON string with its quotes, for names of members, which a writer would escape by its own rules.</summary>
    public static string ToJson(string text) => text.AsSpan().ContainsAny(Escaped) ? Quote(text) : $"\"{text}\"";

    private static char Unescape(char escape) =>
        escape switch
        {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\b',
            'f' => '\f',
            _ => escape,
        };

    private static bool HasHalfPair(ReadOnlySpan<char> text)
    {
        for (var i = text.IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0 && i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return true;
            i++;
        }

        return false;
    }

    private static string Quote(string text)
    {
        var json = new StringBuilder(text.Length + 8).Append('"');
        var rest = text.AsSpan();
        for (int next; (next = rest.IndexOfAny(Escaped)) >= 0; rest = rest[(next + 1)..])
        {
            json.Append(rest[..next]);
            _ = rest[next] switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append(@"\\"),
                '\n' => json.Append(@"\n"),
                '\r' => json.Append(@"\r"),
                '\t' => json.Append(@"\t"),
                '\b' => json.Append(@"\b"),
                '\f' => json.Append(@"\f"),
                var control => json.Append(CultureInfo.InvariantCulture, $"\\u{(int)control:x4}"),
            };
        }

        return json.Append(rest).Append('"').ToString();
    }
}
