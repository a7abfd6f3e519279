using System.Buffers;
using Eventix.Api.Configuration;
using Microsoft.Extensions.Options;

namespace Eventix.Api.Http;

/// <summary>
/// Lets scripts of other sites call the API, as browsers ask for it. It comes before everything else, so that error answers carry the headers
/// too: a script that may not read them sees nothing but a failed request.
/// </summary>
internal sealed class CrossOriginMiddleware(RequestDelegate next, IOptions<ApiOptions> options)
{
    private const string AnyMethod = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
    private const string MaxAgeSeconds = "600";

    // What comes back as a header of the answer must be allowed in one: no control characters, and nothing beyond ASCII.
    private static readonly SearchValues<char> Printable = SearchValues.Create([
        .. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code),
    ]);

    private readonly CorsOrigins _allowed = options.Value.CorsOrigins;

    public Task InvokeAsync(HttpContext http)
    {
        var origin = http.Request.Headers.Origin.ToString();
        if (origin.Length == 0 || _allowed.IsNone)
            return next(http);

        var isAllowed = _allowed.Contains(origin) && IsPrintable(origin);
        if (HttpMethods.IsOptions(http.Request.Method) && http.Request.Headers.AccessControlRequestMethod.Count > 0)
            return AnswerPreflightAsync(http, isAllowed ? origin : null);

        // At the start of the answer, because an error empties whatever headers were set before it.
        http.Response.OnStarting(() =>
        {
            AddHeaders(http.Response.Headers, isAllowed ? origin : null);
            return Task.CompletedTask;
        });
        return next(http);
    }

    private static Task AnswerPreflightAsync(HttpContext http, string? origin)
    {
        var headers = http.Response.Headers;
        AddHeaders(headers, origin);
        headers.AccessControlAllowMethods = AnyMethod;
        headers.AccessControlMaxAge = MaxAgeSeconds;

        var wanted = http.Request.Headers.AccessControlRequestHeaders.ToString();
        if (wanted.Length > 0 && IsPrintable(wanted))
            headers.AccessControlAllowHeaders = wanted;

        var (status, text) = origin is null
            ? (StatusCodes.Status400BadRequest, "Disallowed CORS origin"u8.ToArray())
            : (StatusCodes.Status200OK, "OK"u8.ToArray());
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.ContentLength = text.Length;
        return http.Response.Body.WriteAsync(text, 0, text.Length, http.RequestAborted);
    }

    private static void AddHeaders(IHeaderDictionary headers, string? origin)
    {
        headers.Append("Vary", "Origin");
        if (origin is null)
            return;

        // The origin and not `*`, which browsers do not take together with credentials.
        headers.AccessControlAllowOrigin = origin;
        headers.AccessControlAllowCredentials = "true";
    }

    private static bool IsPrintable(string text) => !text.AsSpan().ContainsAnyExcept(Printable);
}
