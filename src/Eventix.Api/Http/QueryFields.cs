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
            (_errors ??= []).Add(FieldError.Missing("query", name));

        return text ?? "";
    }

    /// <summary>A whole number within bounds; null when there is none.</summary>
    public int? IntBetween(string name, int min, int max)
    {
        if (http.QueryValue(name) is not { } text)
            return null;

        const string Message = "Input should be a valid integer, unable to parse string as an integer";
        if (!LaxInput.TryReadInt(text, out var number))
            (_errors ??= []).Add(new FieldError("int_parsing", "query", name, Message, FieldError.EchoOf(text)));
        else if (number < min || number > max)
            (_errors ??= []).Add(OutOfBounds(name, text, number < min, min, max));

        return (int)Math.Clamp(number, min, max);
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
}
