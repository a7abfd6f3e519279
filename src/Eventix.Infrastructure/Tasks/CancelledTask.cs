using Eventix.Domain;

namespace Eventix.Infrastructure.Tasks;

/// <summary>The end of a task that was cancelled and has no outcome of its own: it waited, or its worker is gone or has given it back.</summary>
internal static class CancelledTask
{
    /// <summary>The five-key error object of the contract, as an SQL literal.</summary>
    public const string Error = $$$"""
        '{"error_class":"{{{DomainErrors.TaskCancelled}}}","error_message":"The task was cancelled","error_status_code":409,"error_traceback":"","error_payload":{}}'
        """;
}
