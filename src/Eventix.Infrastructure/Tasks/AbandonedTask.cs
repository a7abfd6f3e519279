using Eventix.Domain;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// The end of a task whose workers keep vanishing while they run it: it may well be what kills them, and so it is set aside instead of being
/// handed to the next one.
/// </summary>
internal static class AbandonedTask
{
    /// <summary>
    /// The five-key error object of the contract, as SQL text, in two parts: the number of lost leases stands between this and
    /// <see cref="ErrorAfter"/>.
    /// </summary>
    public const string ErrorBefore = $$"""
        '{"error_class":"{{DomainErrors.TooManyLostLeases}}","error_message":"The lease of the task ran out '
        """;

    public const string ErrorAfter =
        "' times: each time its worker died, or could not be reached. It does not run again unless it is rescheduled\",\"error_status_code\":500,\"error_traceback\":\"\",\"error_payload\":{}}'";
}
