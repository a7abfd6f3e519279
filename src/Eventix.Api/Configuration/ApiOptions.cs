using System.Net;
using Eventix.Application.Configuration;

namespace Eventix.Api.Configuration;

/// <summary>Where the API listens.</summary>
internal sealed class ApiOptions : IOptionsFromVariables
{
    private const string EveryAddress = "*";

    /// <summary>Loopback unless set, since there is no authentication.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>1 to 65535, or 0 for any that is free.</summary>
    public int Port { get; set; } = 8000;

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

        if (variables.Text("EVENTIX_API_HOST") is not { } host)
            return;

        // Kestrel would take any other name for "every address".
        if (host is EveryAddress or "localhost" || IPAddress.TryParse(host, out _))
            Host = host;
        else
            variables.Refuse("EVENTIX_API_HOST", host, $"an IP address, localhost, or {EveryAddress} for every address of this machine");
    }
}
