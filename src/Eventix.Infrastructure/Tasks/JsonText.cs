using System.Text.Json;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// How SQL looks into stored JSON without ever failing. A `json` column keeps what was sent, and that may hold what `->`, `#>>` and `::jsonb`
/// refuse for the whole document: `\u0000`, half a surrogate pair, a number beyond what `numeric` holds.
/// </summary>
internal static class JsonText
{
    // A backslash that is itself escaped begins no escape. A high half is fine before a low one, a low one behind a high one.
    private const string Escape = """(?<!\\)((?:\\\\)*)\\u""";
    private const string High = "[dD][89abAB][0-9a-fA-F]{2}";
    private const string Low = "[dD][c-fC-F][0-9a-fA-F]{2}";
    private const string Unreadable = $"{Escape}(?:0000|{High}(?!\\\\u{Low}))";
    private const string LoneLow = $"{Escape}(?<!\\\\u{High}\\\\u){Low}";

    /// <summary>
    /// The same JSON with every character that PostgreSQL cannot hold replaced by U+FDD0, which no text is made of. A document without any such
    /// escape is taken as it is, after one look at its text.
    /// </summary>
    public static string Readable(string json) =>
        $"""
            (CASE WHEN ({json})::text ~ '\\u(0000|[dD][89a-fA-F])'
             THEN regexp_replace(regexp_replace(({json})::text, '{Unreadable}', '\1\\ufdd0', 'g'), '{LoneLow}', '\1\\ufdd0', 'g')::json
             ELSE ({json}) END)
            """;

    /// <summary>Whether `j.found` equals `j.sought`, which is of that kind. Numbers are equal by value, objects in any order of members.</summary>
    public static string IsEqual(JsonValueKind kind) =>
        kind switch
        {
            JsonValueKind.Null => "j.found IS NULL OR json_typeof(j.found) = 'null'",
            JsonValueKind.String => "json_typeof(j.found) = 'string' AND j.found #>> '{}' = j.sought #>> '{}'",
            JsonValueKind.Number => IsEqualNumber,
            JsonValueKind.True or JsonValueKind.False => "json_typeof(j.found) = 'boolean' AND j.found::text = j.sought::text",
            _ => IsEqualDocument,
        };

    // A plain number fits `numeric`; any other is compared as it is written.
    private const string PlainNumber = @"^-?\d{1,100}(\.\d{1,100})?([eE][+-]?\d{1,2})?$";

    private const string IsEqualNumber = $"""
        json_typeof(j.found) = 'number'
        AND CASE WHEN j.found::text ~ '{PlainNumber}' AND j.sought::text ~ '{PlainNumber}'
            THEN j.found::text::numeric = j.sought::text::numeric
            ELSE j.found::text = j.sought::text END
        """;

    // Where a number may be beyond `numeric`, inside of text or not, the documents are compared as they are written.
    private const string HugeNumber = @"\d[eE][+-]?\d{3}|\d{255}";

    private const string IsEqualDocument = $"""
        json_typeof(j.found) = json_typeof(j.sought)
        AND CASE WHEN j.found::text ~ '{HugeNumber}' OR j.sought::text ~ '{HugeNumber}'
            THEN j.found::text = j.sought::text
            ELSE j.found::jsonb = j.sought::jsonb END
        """;
}
