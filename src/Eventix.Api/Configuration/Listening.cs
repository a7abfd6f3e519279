using Eventix.Application.Configuration;
using Microsoft.Extensions.Options;

namespace Eventix.Api.Configuration;

internal static class Listening
{
    /// <summary>Makes Kestrel listen where <see cref="ApiOptions"/> say, and nowhere else.</summary>
    public static void AddListening(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsFromVariables<ApiOptions>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            var options = kestrel.ApplicationServices.GetRequiredService<IOptions<ApiOptions>>().Value;
            if (options.Address is { } address)
                kestrel.Listen(address, options.Port);
            else
                kestrel.ListenAnyIP(options.Port);
        });
    }
}
