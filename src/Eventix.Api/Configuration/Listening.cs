using Eventix.Application.Configuration;

namespace Eventix.Api.Configuration;

internal static class Listening
{
    /// <summary>Makes Kestrel listen where <see cref="ApiOptions"/> say, and nowhere else.</summary>
    public static void AddListening(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsFromVariables<ApiOptions>();
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
}
