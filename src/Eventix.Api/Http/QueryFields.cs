using System.Globalization;
using Eventix.Api.Errors;
using Eventix.Application.Tasks;

namespace Eventix.Api.Http;

/// <summary>Reads the parameters of a query and collects what is wrong with them, as <see cref="BodyFields"/> does for a body.</summary>
internal sealed class QueryFields(HttpContext http)
{
    private List<FieldError>? _errors;

    public string RequiredText(string name)
    {
        var text = http.QueryValue(name);
        if (text is null)
            Add(FieldError.Missing("query", name));

        return text ?? "";
    }

    /// <summary>A whole number within bounds; null when there is none.</summary>
    public int? IntBetween(string name, int min, int max)
    {
        if (http.QueryValue(name) is not { } text)
            return null;

        const string Message = "Input should be a valid integer, unable to parse string as an integer";
        if (!LaxInput.TryReadDigits(text, out var digits))
        {
            Add(new FieldError("int_parsing", "query", name, Message, FieldError.EchoOf(text)));
            return null;
        }

        var fits = int.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
        if (fits && number >= min && number <= max)
            return number;

        Add(OutOfBounds(name, text, isLess: fits ? number < min : digits[0] == '-', min, max));
        return null;
    }

    /// <summary>A point in time in any form of <see cref="WireTime"/>; null when absent.</summary>
    public DateTimeOffset? Time(string name)
    {
        if (http.QueryValue(name) is not { } text)
            return null;
        if (LaxInput.TryReadTime(System.Text.Encoding.UTF8.GetBytes(text), out var time, out var problem))
            return time;

        Add(
            new FieldError(
                "datetime_from_date_parsing",
                "query",
                name,
                $"Input should be a valid datetime or date, {problem}",
                FieldError.EchoOf(text),
                Context: ("error", problem)
            )
        );
        return null;
    }

    /// <summary>Words of a few, each given as a parameter of its own under one name; empty when there is none.</summary>
    /// <param name="expected">The words as pydantic lists them: `'a', 'b' or 'c'`.</param>
    public IReadOnlyList<T> Words<T>(string name, Func<string, T?> parse, string expected)
        where T : struct
    {
        var words = new List<T>();
        foreach (var (place, text) in http.QueryValues(name).Index())
        {
            if (parse(text) is { } word)
                words.Add(word);
            else
                Add(
                    new FieldError(
                        "enum",
                        "query",
                        name,
                        $"Input should be {expected}",
                        FieldError.EchoOf(text),
                        place,
                        ("expected", expected)
                    )
                );
        }

        return words;
    }

    /// <exception cref="InvalidRequestException">Something was wrong.</exception>
    public void ThrowIfInvalid()
    {
        if (_errors is not null)
            throw new InvalidRequestException(_errors);
    }

    private static FieldError OutOfBounds(string name, string text, bool isLess, int min, int max)
    {
        var (type, words, bound, key) = isLess
            ? ("greater_than_equal", "greater than or equal to", min, "ge")
            : ("less_than_equal", "less than or equal to", max, "le");

        return new FieldError(
            type,
            "query",
            name,
            $"Input should be {words} {bound}",
            FieldError.EchoOf(text),
            Context: (key, bound.ToString(CultureInfo.InvariantCulture))
        );
    }

    private void Add(FieldError error) => (_errors ??= []).Add(error);
}
