using System.Net.Sockets;
using Eventix.Application.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Eventix.Api.Configuration;

internal static class Listening
{
    /// <summary>Makes Kestrel listen where <see cref="ApiOptions"/> say, and nowhere else.</summary>
    public static void AddListening(this WebApplicationBuilder builder)
    {
        // What reads a request also runs it: nothing here blocks a thread, and each hop to another one costs as much as the request itself.
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // Kestrel is configured before the host checks its variables; what is wrong with these is then told with the rest.
            var options = OptionsFromVariables.ReadUnchecked<ApiOptions>(builder.Configuration);
            if (options.Address is { } address)
                kestrel.Listen(address, options.Port);
            else
                kestrel.ListenAnyIP(options.Port);
        });
    }

    /// <summary>Listens until the host is asked to stop.</summary>
    /// <exception cref="OptionsValidationException">It cannot listen there.</exception>
    public static async Task ListenAsync(this WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception refused) when (refused is IOException { InnerException: AddressInUseException } or SocketException)
        {
            // A worker in this process has started before: it gives back what it has claimed.
            await app.StopAsync();

            var options = app.Services.GetRequiredService<IOptions<ApiOptions>>().Value;
            throw new OptionsValidationException(
                nameof(ApiOptions),
                typeof(ApiOptions),
                [$"The API cannot listen on {options.Host} (EVENTIX_API_HOST), port {options.Port} (EVENTIX_API_PORT): {refused.Message}"]
            );
        }

        await app.WaitForShutdownAsync();
    }
}
