using System.Net.Mime;
using Microsoft.AspNetCore.Routing.Patterns;
using Scalar.AspNetCore;

namespace Eventix.Api.Docs;

/// <summary>The API told to people: `/openapi.json`, and a page that shows it.</summary>
internal static class DocsEndpoints
{
    // All addresses are relative, so that the page also works behind a proxy that puts it under a path of its own; and nothing is loaded from
    // elsewhere, so that it works without the internet.
    private static readonly byte[] Page =
        """
        <!doctype html>
        <html lang="en">
        <head>
            <title>eventix-api</title>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <link rel="icon" href="docs/favicon.svg">
        </head>
        <body>
            <div id="app"></div>
            <script src="docs/scalar.js"></script>
            <script>
                Scalar.createApiReference('#app', {
                    url: new URL('openapi.json', location.href).href,
                    withDefaultFonts: false,
                    telemetry: false,
                    hideClientButton: true,
                    showDeveloperTools: 'never',
                    agent: { disabled: true },
                    mcp: { disabled: true },
                })
            </script>
        </body>
        </html>
        """u8.ToArray();

    public static void AddDocs(this IServiceCollection services) =>
        services.AddOpenApi(options =>
        {
            options.ShouldInclude = _ => false;
            options.AddDocumentTransformer<ApiDocument>();
        });

    public static void MapDocs(this IEndpointRouteBuilder app)
    {
        app.MapOpenApi("/openapi.json");
        app.MapGet("/redoc", GetRedoc).ExcludeFromDescription();

        // The package brings Scalar's script. Its page redirects `/docs` to `/docs/`, which here is redirected back; so ours takes its place.
        app.MapScalarApiReference("/docs")
            .Add(endpoint =>
            {
                if (endpoint is not RouteEndpointBuilder { RoutePattern.Parameters.Count: > 0 } page)
                    return;

                page.RoutePattern = RoutePatternFactory.Parse("/docs");
                page.RequestDelegate = GetPage;
            });
    }

    private static async Task GetPage(HttpContext http)
    {
        http.Response.ContentType = $"{MediaTypeNames.Text.Html}; charset=utf-8";
        http.Response.ContentLength = Page.Length;
        await http.Response.Body.WriteAsync(Page, http.RequestAborted);
    }

    private static Task GetRedoc(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        http.Response.Headers.Location = "/docs";
        return Task.CompletedTask;
    }
}
