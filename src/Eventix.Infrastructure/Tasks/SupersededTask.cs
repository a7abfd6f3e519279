using Eventix.Domain;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// The end of a claimed task that returns to waiting while another one waits under its unique key: it becomes an `error`, and the waiting one
/// takes the earlier eta and the smaller priority.
/// </summary>
internal static class SupersededTask
{
    /// <summary>
    /// The five-key error object of the contract around the outcome that was to be written, so that nothing is lost: put its JSON text, or
    /// `null`, between this and <see cref="ErrorAfter"/>.
    /// </summary>
    public const string ErrorBefore = $$"""
        '{"error_class":"{{DomainErrors.Superseded}}","error_message":"Another task waits under the unique key of this one","error_status_code":409,"error_traceback":"","error_payload":{"result":'
        """;

    public const string ErrorAfter = "'}}'";

    /// <summary>The same error object outside of SQL.</summary>
    public static string ErrorAround(string outcome) => ErrorBefore.Trim('\'') + outcome + ErrorAfter.Trim('\'');
}
