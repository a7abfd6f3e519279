namespace Eventix.Infrastructure.Configuration;

/// <summary>A service of a host has failed, and the host has ended for it. The log has the details.</summary>
public sealed class HostFailedException(Type service, Exception cause)
    : Exception($"{service.Name} has failed, and so the host has ended: {cause.Message}", cause);
