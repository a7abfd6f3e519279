using System.Globalization;
using System.Text;
using System.Text.Json;
using Eventix.Api.Tests.Docs;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.OpenApi;

namespace Eventix.Api.Tests.Robustness;

/// <summary>A request that somebody might send, by mistake or not.</summary>
/// <param name="Operation">The route that it is made for; it may still miss it.</param>
/// <param name="Body">Null for a request without one.</param>
internal sealed record ThrownRequest(Operation Operation, string Method, string Target, string Headers, byte[]? Body)
{
    public override string ToString() =>
        $"{Method} {Target}\n{Headers}"
        + (Body is null ? "no body" : $"body of {Body.Length} bytes: {Shown(Body[..Math.Min(Body.Length, 2000)])}");

    /// <summary>The same, simpler, for whoever has to understand what fails.</summary>
    public IEnumerable<ThrownRequest> Shrink()
    {
        if (Headers.Length > 0)
            yield return this with
            {
                Headers = "",
            };
        if (Target.Contains('?', StringComparison.Ordinal))
            yield return this with
            {
                Target = Target[..Target.IndexOf('?', StringComparison.Ordinal)],
            };
        if (Body is { Length: > 0 })
        {
            yield return this with
            {
                Body = Body[..(Body.Length / 2)],
            };
            yield return this with
            {
                Body = Body[(Body.Length / 2)..],
            };
        }
    }

    private static string Shown(byte[] body)
    {
        var text = new StringBuilder();
        foreach (var one in body)
            _ = one is >= 0x20 and < 0x7F ? text.Append((char)one) : text.Append(CultureInfo.InvariantCulture, $"\\x{one:x2}");

        return text.ToString();
    }
}

/// <summary>Makes requests for the operations of a document: right ones with something wrong in them, and rubbish.</summary>
internal static class ThrownRequests
{
    // No whole number from 1 to 60: it might be taken for seconds to wait.
    private static readonly Gen<string> Scalar = Gen.Elements(
        "null",
        "true",
        "false",
        "0",
        "-1",
        "-0.0",
        "0.5",
        "61",
        "1000",
        "1e400",
        "-1e400",
        "1E-400",
        "1e19",
        "2147483647",
        "2147483648",
        "-2147483649",
        "9223372036854775808",
        "-99999999999999999999999999999999999999999999",
        "NaN",
        "Infinity",
        "-Infinity",
        "\"\"",
        "\" \"",
        "\"a\"",
        "\"\\u0000\"",
        "\"a\\u0000b\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud83d\\ude00\"",
        "\"ä€😀\"",
        "\"yes\"",
        "\"1_000\"",
        "\"1e400\"",
        "\"99999999999\"",
        "\"NaN\"",
        "\"scheduled\"",
        "\"processing\"",
        "\"retry\"",
        "\"done\"",
        "\"error\"",
        "\"default\"",
        "\"known\"",
        "\"2023-01-01T10:00:00Z\"",
        "\"0001-01-01T00:00:00+14:00\"",
        "\"9999-12-31T23:59:59.9999999-12:00\"",
        "\"2023-02-30\"",
        "\"20230101T100000\"",
        "\"1-5f3ad886911c5539b1d326df9c5b06e0\"",
        "\"9223372036854775807-5f3ad886911c5539b1d326df9c5b06e0\"",
        "\"99999999999999999999-x\"",
        "\"-\"",
        $"\"{new string('x', 3000)}\"",
        $"\"{new string('€', 40_000)}\""
    );

    private static readonly Gen<string> Name = Gen.Elements(
        "\"\"",
        "\"a\"",
        "\"$ne\"",
        "\"$in\"",
        "\"$and\"",
        "\"$where\"",
        "\"$\"",
        "\"a.b\"",
        "\"kwargs.a.0\"",
        "\"_id\"",
        "\"_rev\"",
        "\"status\"",
        "\"eta\"",
        "\"revision\"",
        "\"result\"",
        "\"priority\"",
        "\"args.\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\u0074ask\""
    );

    private static readonly Gen<string> Deep =
        from depth in Gen.Elements(32, 33, 64, 500, 512, 513, 5000)
        from shape in Gen.Elements(("[", "]"), ("{\"a\":", "}"), ("{\"$and\":[", "]}"), ("[{\"kwargs\":", "}]"))
        select string.Concat(Enumerable.Repeat(shape.Item1, depth))
            + (shape.Item1.EndsWith(':') ? "0" : "")
            + string.Concat(Enumerable.Repeat(shape.Item2, depth));

    private static readonly Gen<string> AnyJson = Gen.Sized(size => Tree(Math.Min(size, 12)));

    // Without a NUL, which the server itself refuses before any route is asked.
    private static readonly Gen<string> PathValue = Gen.Elements(
        "known",
        "known",
        "a1",
        "a%2Fb",
        "a%252Fb",
        "%2F",
        "..",
        ".",
        "%2e%2e",
        "%",
        "%zz",
        "%FF",
        "%ED%A0%80",
        "%F0%9F%98%80",
        "%20",
        "+",
        "batch",
        "reschedule",
        "by_unique_key",
        "known/",
        "known/known",
        "known//",
        "",
        new string('x', 3000)
    );

    private static readonly Gen<string> QueryValue = Gen.Elements(
        "",
        "known",
        "default",
        "0",
        "-1",
        "61",
        "0.5",
        "99999999999999999999",
        "NaN",
        "true",
        "scheduled",
        "nope",
        "2023-01-01T10:00:00%2B00:00",
        "2023-01-01",
        "%00",
        "%FF",
        "%",
        "%zz",
        "+",
        "a=b",
        "%F0%9F%98%80",
        new string('x', 3000)
    );

    public static Arbitrary<ThrownRequest> For(IReadOnlyList<Operation> operations) =>
        Arb.ToArbitrary(
            from operation in Gen.Elements<Operation>(operations)
            from method in Gen.Frequency(
                (20, Gen.Constant(operation.Method)),
                (1, Gen.Elements("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"))
            )
            from target in Target(operation)
            from headers in Headers
            from body in Gen.Frequency((operation.BodyExample is null ? 1 : 20, Body(operation)), (1, Gen.Constant<byte[]?>(null)))
            select new ThrownRequest(operation, method, target, headers, body),
            request => request.Shrink()
        );

    private static Gen<string> Headers =>
        from type in Gen.Frequency(
            (8, Gen.Elements("", "Content-Type: application/json\r\n")),
            (
                1,
                Gen.Elements(
                    "Content-Type: text/plain\r\n",
                    "Content-Type: application/json; charset=latin1\r\n",
                    "Content-Type: application/problem+json\r\n",
                    "Content-Type: ;;;\r\n",
                    "Content-Type: \r\n"
                )
            )
        )
        from other in Gen.Elements(
            "",
            "",
            "Origin: https://other.example\r\n",
            "Authorization: Bearer whatever\r\n",
            "Accept: text/plain\r\n",
            "Accept: ;q=x,,*/*\r\n"
        )
        select type + other;

    private static Gen<string> Target(Operation operation) =>
        from path in Path(operation.Path)
        from query in Query(operation)
        select path + query;

    private static Gen<string> Path(string pattern) =>
        pattern
            .Split('/')
            .Select(segment => segment.StartsWith('{') ? PathValue : Gen.Constant(segment))
            .Aggregate((left, right) => from start in left from end in right select $"{start}/{end}");

    private static Gen<string> Query(Operation operation)
    {
        var parameters = operation.Query.Select(parameter =>
            Gen.Frequency(
                (6, from value in QueryValue select $"{parameter.Name}={value}"),
                (1, Gen.Constant(parameter.Name!)),
                (1, from one in QueryValue from two in QueryValue select $"{parameter.Name}={one}&{parameter.Name}={two}"),
                (1, Gen.Constant(""))
            )
        );

        return from known in parameters.Aggregate(
                Gen.Constant("?"),
                (all, one) => from start in all from end in one select $"{start}&{end}"
            )
            from unknown in Gen.Frequency((6, Gen.Constant("")), (1, Gen.Elements("&&&", "&=", "&unknown=%00", "?", "%")))
            select known.Length + unknown.Length > 1 ? known + unknown : "";
    }

    private static Gen<byte[]?> Body(Operation operation)
    {
        if (operation.BodyExample is not { } json)
            return from text in AnyJson select (byte[]?)Encoding.UTF8.GetBytes(text);

        using var document = JsonDocument.Parse(json);
        var example = document.RootElement.Clone();
        var fields = FieldsOf(operation.Description.RequestBody!.Content!["application/json"].Schema!);
        var mutated = from text in Mutated(example, fields) select Encoding.UTF8.GetBytes(text);

        return Gen.Frequency(
            (12, mutated),
            (2, from text in AnyJson select Encoding.UTF8.GetBytes(text)),
            (1, from text in Deep select Encoding.UTF8.GetBytes(text)),
            (1, from bytes in Gen.ArrayOf(from number in Gen.Choose(0, 255) select (byte)number) select bytes),
            (
                2,
                from bytes in mutated
                from at in Gen.Choose(0, bytes.Length)
                from wrong in Gen.Elements<byte[]>(
                    [0],
                    [0xFF],
                    [0xED, 0xA0, 0x80],
                    [0xC0, 0x80],
                    [0xEF, 0xBB, 0xBF],
                    [(byte)'"'],
                    [(byte)'\\']
                )
                select (byte[])[.. bytes[..at], .. wrong, .. bytes[at..]]
            ),
            (1, from bytes in mutated from length in Gen.Choose(0, bytes.Length) select bytes[..length]),
            (1, Gen.Constant(Encoding.UTF8.GetBytes(json))),
            (1, Gen.Constant<byte[]>([]))
        )!;
    }

    // Every name that the schema knows, so that fields are hit which the example leaves out.
    private static IReadOnlyList<string> FieldsOf(IOpenApiSchema schema) =>
        schema.Properties is { Count: > 0 } properties ? [.. properties.Keys]
        : schema.Items is { } items ? FieldsOf(items)
        : [];

    private static Gen<string> Mutated(JsonElement value, IReadOnlyList<string> fields)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var members = value.EnumerateObject().ToDictionary(member => member.Name, member => member.Value);
                return from name in Gen.Elements<string>([.. members.Keys, .. fields, .. fields, "unknown"])
                    from json in members.TryGetValue(name, out var old) && old.ValueKind is JsonValueKind.Object or JsonValueKind.Array
                        ? Gen.Frequency((2, AnyJson), (3, Mutated(old, [])))
                        : Gen.Frequency((6, Scalar), (2, AnyJson), (1, Deep))
                    from isTwice in Gen.Frequency((12, Gen.Constant(false)), (1, Gen.Constant(true)))
                    select Object(members, name, json, isTwice);

            case JsonValueKind.Array when value.GetArrayLength() > 0:
                var items = value.EnumerateArray().Select(item => item.GetRawText()).ToList();
                return Gen.Frequency(
                    (6, from item in Mutated(value[0], fields) select $"[{string.Join(',', items.Prepend(item))}]"),
                    (2, from item in AnyJson select $"[{string.Join(',', items.Append(item))}]"),
                    (1, from item in Mutated(value[0], fields) from times in Gen.Elements(2, 3, 100) select Repeated(item, times)),
                    (1, Gen.Constant("[]"))
                );

            default:
                return AnyJson;
        }
    }

    private static string Object(Dictionary<string, JsonElement> members, string name, string json, bool isTwice)
    {
        var texts = members
            .Where(member => isTwice || member.Key != name)
            .Select(member => $"\"{member.Key}\":{member.Value.GetRawText()}")
            .Append($"\"{name}\":{json}");

        return $"{{{string.Join(',', texts)}}}";
    }

    private static string Repeated(string item, int times) => $"[{string.Join(',', Enumerable.Repeat(item, times))}]";

    private static Gen<string> Tree(int size) =>
        size <= 1
            ? Scalar
            : Gen.Frequency(
                (3, Scalar),
                (1, from items in Gen.ListOf(Tree(size / 3), Math.Min(size, 3)) select $"[{string.Join(',', items)}]"),
                (
                    2,
                    from names in Gen.ListOf(Name, Math.Min(size, 3))
                    from values in Gen.ListOf(Tree(size / 3), Math.Min(size, 3))
                    select $"{{{string.Join(',', names.Zip(values, (name, value) => $"{name}:{value}"))}}}"
                )
            );
}
