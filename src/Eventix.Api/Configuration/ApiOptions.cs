using System.Net;
using Eventix.Application.Configuration;

namespace Eventix.Api.Configuration;

/// <summary>Where the API listens, and whom and what it accepts there.</summary>
internal sealed class ApiOptions : IOptionsFromVariables
{
    private const string EveryAddress = "*";

    /// <summary>Loopback unless set, since there is no authentication.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>1 to 65535, or 0 for any that is free.</summary>
    public int Port { get; set; } = 8000;

    /// <summary>A larger body is refused with 413; 1 KiB to 1 GiB. The default has room for 10,000 tasks of 3 KB each.</summary>
    public int MaxBodyBytes { get; set; } = 32 * 1024 * 1024;

    public CorsOrigins CorsOrigins { get; set; } = CorsOrigins.Any;

    /// <summary>Null for every address of the machine, IPv6 included.</summary>
    public IPAddress? Address =>
        Host switch
        {
            EveryAddress => null,
            "localhost" => IPAddress.Loopback,
            _ => IPAddress.Parse(Host),
        };

    public void Read(Variables variables)
    {
        Port = variables.Number("EVENTIX_API_PORT", Port, 0, 65_535);
        MaxBodyBytes = variables.Number("EVENTIX_MAX_BODY_BYTES", MaxBodyBytes, 1024, 1024 * 1024 * 1024);
        ReadCorsOrigins(variables);

        if (variables.Text("EVENTIX_API_HOST") is not { } host)
            return;

        // Kestrel would take any other name for "every address".
        if (host is EveryAddress or "localhost" || IPAddress.TryParse(host, out _))
            Host = host;
        else
            variables.Refuse("EVENTIX_API_HOST", host, $"an IP address, localhost, or {EveryAddress} for every address of this machine");
    }

    private void ReadCorsOrigins(Variables variables)
    {
        const string Name = "EVENTIX_CORS_ORIGINS";

        // Here empty is not the default as elsewhere: who empties the list of those who may come wants none, not all.
        if (variables.IsEmpty(Name))
            CorsOrigins = CorsOrigins.None;
        else if (variables.List(Name) is not { } origins)
            return;
        else if (origins is ["*"])
            CorsOrigins = CorsOrigins.Any;
        else if (origins is ["none"])
            CorsOrigins = CorsOrigins.None;
        else if (CorsOrigins.Of(origins) is { } listed)
            CorsOrigins = listed;
        else
            variables.Refuse(
                Name,
                variables.Text(Name)!,
                "* for any, none, or origins such as https://example.org with commas between them"
            );
    }
}
