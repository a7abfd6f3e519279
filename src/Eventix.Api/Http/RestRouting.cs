using Eventix.Api.Errors;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Eventix.Api.Http;

/// <summary>Matches requests with routes as clients are used to, and answers those that have none.</summary>
internal static class RestRouting
{
    private static readonly object EndsInSlash = new();

    /// <summary>Other origins, errors, routing, and the answers of unknown routes. Whatever comes after it sees the chosen endpoint.</summary>
    public static void UseRestRouting(this WebApplication app)
    {
        app.UseMiddleware<CrossOriginMiddleware>();
        app.Use(AnswerHealth);
        app.UseMiddleware<ErrorMiddleware>();
        app.UseRouting();
        app.Use(CheckRoute);
    }

    // Before routing and for any method, without a look at the database: whether the process is there.
    private static Task AnswerHealth(HttpContext http, RequestDelegate next)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (RawTarget.CanonicalPath(target, out var endsInSlash) is { } path)
        {
            if (path == "/healthz" && !endsInSlash)
                return JsonAnswer.WriteAsync(http.Response, StatusCodes.Status200OK, """{"status": "healthy"}"""u8);

            // By its constructor: the conversion from text would decode once more.
            http.Request.Path = new PathString(path);
            if (endsInSlash)
                http.Items[EndsInSlash] = EndsInSlash;
        }

        return next(http);
    }

    private static async Task CheckRoute(HttpContext http, RequestDelegate next)
    {
        var endpoint = http.GetEndpoint();
        if (endpoint is RouteEndpoint route && !MatchesCase(route.RoutePattern, http.Request.Path.Value!))
            http.SetEndpoint(endpoint = null);

        if (endpoint is not null && http.Items.ContainsKey(EndsInSlash))
        {
            // A path, not a whole address: behind a proxy the host and the scheme are not what the client called.
            http.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            http.Response.Headers.Location = http.Request.Path.ToUriComponent() + http.Request.QueryString;
            return;
        }

        await next(http);

        // Nothing wrote these: no route, or the routing's own answer to a wrong method, which has set `allow`.
        if (
            !http.Response.HasStarted
            && http.Response is { StatusCode: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed, ContentLength: null }
        )
            await ErrorAnswers.WriteDetailAsync(http.Response, http.Response.StatusCode);
    }

    // The framework's literals match in any case, the contract's do not.
    private static bool MatchesCase(RoutePattern pattern, string path)
    {
        var i = 0;
        foreach (var range in path.AsSpan().TrimStart('/').Split('/'))
        {
            if (i == pattern.PathSegments.Count)
                return true;
            if (
                pattern.PathSegments[i++].Parts is [RoutePatternLiteralPart literal]
                && !path.AsSpan().TrimStart('/')[range].SequenceEqual(literal.Content)
            )
                return false;
        }

        return true;
    }
}
