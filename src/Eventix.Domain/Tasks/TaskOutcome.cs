namespace Eventix.Domain.Tasks;

/// <summary>
/// What becomes of a claimed task. Times are distances, because the database's clock decides where they start.
/// </summary>
/// <param name="Status">`Done`, `Error`, `Retry`, or `Scheduled` for a task that is given back without having run.</param>
/// <param name="Result">The result or the error object as UTF-8 JSON, null for JSON's null; a task that is given back keeps the stored one.</param>
/// <param name="ExpiresIn">
/// Seconds until a finished task may be deleted; null keeps the stored time. Zero or less, or a stored time that is past: it is deleted at once.
/// </param>
/// <param name="RetryIn">Seconds until the next attempt is due; null leaves the eta as it is.</param>
/// <param name="MaxRetries">How many retries are left after this; null for no limit.</param>
/// <param name="ErrorEtaInc">The delay of the retry after this one, in seconds.</param>
public sealed record TaskOutcome(
    EventixTaskStatus Status,
    ReadOnlyMemory<byte>? Result,
    int? ExpiresIn,
    int? RetryIn,
    int? MaxRetries,
    int ErrorEtaInc
);
