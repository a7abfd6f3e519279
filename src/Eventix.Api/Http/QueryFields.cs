using Eventix.Api.Errors;

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

    /// <exception cref="InvalidRequestException">Something was wrong.</exception>
    public void ThrowIfInvalid()
    {
        if (_errors is not null)
            throw new InvalidRequestException(_errors);
    }
}
