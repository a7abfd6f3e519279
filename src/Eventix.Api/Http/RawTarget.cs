using System.Buffers;
using System.Text;
using Eventix.Api.Errors;

namespace Eventix.Api.Http;

/// <summary>
/// Paths and queries from the target as it was sent, percent-decoded exactly once. The server's own decoding leaves `%2F` alone but not
/// `%252F`, so after it nobody can tell the uid `a/b` from the uid `a%2Fb`; it also removes dot segments, and `..` is a legal uid.
/// </summary>
/// <remarks>
/// Routing sees a canonical path: every segment decoded, except that a slash or a percent sign inside of one stays escaped, as do bytes that
/// are no UTF-8. So literals match however they were escaped, and <see cref="PathValue"/> can undo the rest.
/// </remarks>
internal static class RawTarget
{
    /// <summary>The canonical path of a target, without slashes at its end. Null for a target without a path (`*`, `host:port`).</summary>
    public static string? CanonicalPath(string target, out bool endsInSlash)
    {
        endsInSlash = false;
        var path = PathAndQuery(target);
        if (path.IsEmpty)
            return null;

        var query = path.IndexOfAny('?', '#');
        if (query >= 0)
            path = path[..query];

        var trimmed = path.TrimEnd('/');
        if (trimmed.IsEmpty)
            return "/";

        endsInSlash = trimmed.Length < path.Length;
        return trimmed.Contains('%') ? CanonicalSegments(trimmed) : trimmed.ToString();
    }

    /// <summary>A parameter of the route, decoded.</summary>
    /// <exception cref="InvalidRequestException">It is no UTF-8, or has a NUL, which no stored text has.</exception>
    public static string PathValue(this HttpContext http, string name)
    {
        var segment = (string)http.Request.RouteValues[name]!;
        if (!segment.Contains('%', StringComparison.Ordinal) && !segment.Contains('\0', StringComparison.Ordinal))
            return segment;

        var value = new StringBuilder(segment.Length);
        for (var i = 0; i < segment.Length; i++)
        {
            var escape = segment[i] == '%' ? segment.AsSpan(i + 1, 2) : default;
            if (segment[i] == '\0' || (!escape.IsEmpty && escape is not ("2F" or "25")))
                throw new InvalidRequestException(NotText("path", name, segment));

            value.Append(escape is "2F" ? '/' : segment[i]);
            i += escape.Length;
        }

        return value.ToString();
    }

    /// <summary>A parameter of the query, `+` being a space; of several the last. Null when there is none.</summary>
    /// <exception cref="InvalidRequestException">It has a NUL, which no stored text has.</exception>
    public static string? QueryValue(this HttpContext http, string name) => http.QueryValues(name) is [.., var last] ? last : null;

    /// <summary>All parameters of the query that have one name, in their order.</summary>
    /// <exception cref="InvalidRequestException">One has a NUL, which no stored text has.</exception>
    public static IReadOnlyList<string> QueryValues(this HttpContext http, string name)
    {
        List<string>? found = null;
        var query = (http.Request.QueryString.Value ?? "").AsSpan();
        foreach (var range in query.TrimStart('?').Split('&'))
        {
            var pair = query.TrimStart('?')[range];
            var equals = pair.IndexOf('=');
            if (Decode(equals < 0 ? pair : pair[..equals]) == name)
                (found ??= []).Add(equals < 0 ? "" : Decode(pair[(equals + 1)..]));
        }

        if (found?.Find(value => value.Contains('\0', StringComparison.Ordinal)) is { } unstorable)
            throw new InvalidRequestException(NotText("query", name, unstorable));

        return found ?? [];
    }

    private static FieldError NotText(string where, string name, string input) =>
        new(
            "string_unicode",
            where,
            name,
            "Input should be a valid string, unable to parse raw data as a unicode string",
            FieldError.EchoOf(input)
        );

    private static ReadOnlySpan<char> PathAndQuery(string target)
    {
        if (target.StartsWith('/'))
            return target;

        // The absolute form, as clients send it to proxies.
        var authority = target.IndexOf("://", StringComparison.Ordinal);
        if (authority < 0)
            return default;

        var path = target.AsSpan(authority + 3).IndexOfAny('/', '?');
        return path < 0 || target[authority + 3 + path] == '?' ? "/" : target.AsSpan(authority + 3 + path);
    }

    private static string CanonicalSegments(ReadOnlySpan<char> path)
    {
        var canonical = new StringBuilder(path.Length);
        foreach (var range in path.Split('/'))
        {
            if (range.Start.Value > 0)
                canonical.Append('/');
            AppendCanonical(canonical, Bytes(path[range], plusIsSpace: false));
        }

        return canonical.ToString();
    }

    private static void AppendCanonical(StringBuilder canonical, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var status = Rune.DecodeFromUtf8(bytes, out var rune, out var used);
            if (status != OperationStatus.Done)
            {
                foreach (var wrong in bytes[..used])
                    canonical.Append('%').Append(wrong.ToString("X2"));
            }
            else if (rune.Value is '/' or '%')
            {
                canonical.Append(rune.Value == '/' ? "%2F" : "%25");
            }
            else
            {
                canonical.Append(rune.ToString());
            }

            bytes = bytes[used..];
        }
    }

    // Like Python: what is no UTF-8 becomes U+FFFD.
    private static string Decode(ReadOnlySpan<char> text) =>
        text.ContainsAny('%', '+') ? Encoding.UTF8.GetString(Bytes(text, plusIsSpace: true)) : text.ToString();

    // A percent sign without two hex digits stands for itself.
    private static byte[] Bytes(ReadOnlySpan<char> text, bool plusIsSpace)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
            {
                bytes[length++] = Convert.FromHexString(text.Slice(i + 1, 2))[0];
                i += 2;
            }
            else if (plusIsSpace && text[i] == '+')
            {
                bytes[length++] = (byte)' ';
            }
            else
            {
                length += Encoding.UTF8.GetBytes(text.Slice(i, 1), bytes.AsSpan(length));
            }
        }

        return bytes[..length];
    }
}
