using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Eventix.Contract.Tests.Golden;

/// <summary>
/// Compares an answer with a recorded one. A mask stands for any value of its kind; the answer may hold more keys than were recorded, except
/// inside `error_payload`; a task has every key of the model, in its order.
/// </summary>
/// <param name="earliest">When the scenario began: a recorded `&lt;now&gt;` may be of an earlier pair.</param>
/// <param name="latest">When the answer had come. Both by the clock that wrote the times, so no slack is needed.</param>
internal sealed partial class Comparison(DateTimeOffset earliest, DateTimeOffset latest)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(300);

    private static readonly string[] TaskKeys =
    [
        "uid",
        "revision",
        "version",
        "created_time",
        "updated_time",
        "unique_key",
        "eta",
        "scheduled",
        "status",
        "priority",
        "namespace",
        "task",
        "args",
        "kwargs",
        "worker_id",
        "worker_expires",
        "retry",
        "max_retries",
        "error_eta_inc",
        "error_eta_max",
        "store_result",
        "result",
        "error_expires",
        "result_expires",
        "expires",
        "operator",
    ];

    private readonly List<string> _differences = [];

    /// <summary>What differs, each with its place; empty when nothing does.</summary>
    public IReadOnlyList<string> Differences => _differences;

    public void Compare(JsonElement expected, JsonElement actual, string place = "$")
    {
        if (expected.ValueKind == JsonValueKind.String)
        {
            CompareText(expected.GetString()!, actual, place);
            return;
        }

        if (expected.ValueKind != actual.ValueKind)
        {
            _differences.Add($"{place}: expected {expected.GetRawText()}, found {actual.GetRawText()}");
            return;
        }

        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                CompareObject(expected, actual, place);
                break;
            case JsonValueKind.Array:
                CompareArray(expected, actual, place);
                break;
            case JsonValueKind.Number when expected.GetDouble() != actual.GetDouble():
                _differences.Add($"{place}: expected {expected.GetRawText()}, found {actual.GetRawText()}");
                break;
        }
    }

    private void CompareObject(JsonElement expected, JsonElement actual, string place)
    {
        foreach (var member in expected.EnumerateObject())
        {
            if (actual.TryGetProperty(member.Name, out var value))
                Compare(member.Value, value, $"{place}.{member.Name}");
            else
                _differences.Add($"{place}.{member.Name}: missing");
        }

        var keys = actual.EnumerateObject().Select(member => member.Name).ToList();
        if (place.EndsWith(".error_payload", StringComparison.Ordinal) && keys.Count != expected.EnumerateObject().Count())
            _differences.Add($"{place}: clients cannot rebuild an exception from the keys {string.Join(", ", keys)}");
        if (keys.Contains("uid") && keys.Contains("task") && !keys.Where(TaskKeys.Contains).SequenceEqual(TaskKeys))
            _differences.Add($"{place}: a task has the keys of the model in another order, or lacks some: {string.Join(", ", keys)}");
    }

    private void CompareArray(JsonElement expected, JsonElement actual, string place)
    {
        if (expected.GetArrayLength() != actual.GetArrayLength())
        {
            _differences.Add($"{place}: expected {expected.GetArrayLength()} items, found {actual.GetRawText()}");
            return;
        }

        for (var i = 0; i < expected.GetArrayLength(); i++)
            Compare(expected[i], actual[i], $"{place}[{i}]");
    }

    private void CompareText(string expected, JsonElement actual, string place)
    {
        var text = actual.ValueKind == JsonValueKind.String ? actual.GetString()! : null;
        var isSame = expected switch
        {
            "<any>" => true,
            "<uid>" => text is not null && Uid().IsMatch(text),
            "<now>" => IsBetween(text, earliest, latest),
            "<now+300s>" => IsBetween(text, earliest + Lease, latest + Lease),
            _ when expected.Contains("<hash>", StringComparison.Ordinal) => text is not null && IsRevision(expected, text),
            _ => text == expected,
        };

        if (!isSame)
            _differences.Add($"{place}: expected {expected}, found {actual.GetRawText()}");
    }

    private static bool IsRevision(string expected, string text) =>
        Regex.IsMatch(
            text,
            $"^{Regex.Escape(expected).Replace("<hash>", "[0-9a-f]{32}", StringComparison.Ordinal)}$",
            RegexOptions.None,
            TimeSpan.FromSeconds(1)
        );

    private static bool IsBetween(string? text, DateTimeOffset earliest, DateTimeOffset latest) =>
        text is not null
        && Time().IsMatch(text)
        && DateTimeOffset.Parse(text, CultureInfo.InvariantCulture) is var time
        && time >= earliest
        && time <= latest;

    [GeneratedRegex(@"\A[0-9a-f]{32}\z", RegexOptions.None, 1000)]
    private static partial Regex Uid();

    [GeneratedRegex(@"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Time();
}
