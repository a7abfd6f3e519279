using System.Reflection;
using Eventix.Api.Configuration;
using Eventix.Api.Docs;
using Eventix.Api.Events;
using Eventix.Api.Http;
using Eventix.Api.Operations;
using Eventix.Api.Tasks;
using Eventix.Application.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Eventix.Api;

/// <summary>The REST API: what it needs, and its routes.</summary>
internal static class RestApi
{
    // Without the build metadata that a package build may add behind a plus sign.
    public static readonly string Version = typeof(RestApi)
        .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
        .InformationalVersion.Split('+')[0];

    public static IServiceCollection AddRestApi(this IServiceCollection services)
    {
        services.AddDocs();
        services.AddOptionsFromVariables<ApiOptions>();
        services
            .AddOptions<KestrelServerOptions>()
            .Configure<IConfiguration>(
                (kestrel, configuration) =>
                {
                    kestrel.AddServerHeader = false;

                    // A target in absolute form names the host itself, whatever the header says (RFC 9112, 3.2.2); otherwise Kestrel
                    // refuses it.
                    kestrel.AllowHostHeaderOverride = true;

                    // Unchecked, as the server is made before the host checks its variables.
                    kestrel.Limits.MaxRequestBodySize = OptionsFromVariables.ReadUnchecked<ApiOptions>(configuration).MaxBodyBytes;
                }
            );

        return services;
    }

    public static void MapRestApi(this WebApplication app)
    {
        app.UseRestRouting();

        app.MapDocs();
        app.MapTasks();
        app.MapClaims();
        app.MapBatches();
        app.MapLeases();
        app.MapOperations();
        app.MapLists();
        app.MapEvents();
        app.MapGet("/version", GetVersion);
    }

    private static Task GetVersion(HttpContext http) =>
        JsonAnswer.WriteAsync(
            http.Response,
            StatusCodes.Status200OK,
            Version,
            static (writer, version) =>
            {
                writer.WriteStartObject();
                writer.WriteString("version"u8, version);
                writer.WriteEndObject();
            }
        );
}
