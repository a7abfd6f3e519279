using System.Text;
using System.Text.Json;
using Eventix.Application.Tasks;
using Eventix.Application.Workers;
using Eventix.Domain.Tasks;

namespace Eventix.Testing.Workers;

/// <summary>What came of one run of a task.</summary>
/// <param name="Claimed">The task as the worker had it.</param>
/// <param name="Outcome">What is written back.</param>
public record TaskRun(EventixTask Claimed, TaskOutcome Outcome)
{
    /// <summary>`Done`, `Error`, `Retry`, or `Scheduled` when the handler was asked to stop and did: the task is given back.</summary>
    public EventixTaskStatus Status => Outcome.Status;

    /// <summary>The JSON that is stored as the result, an error object included; `null` for none.</summary>
    public string Json => Outcome.Result is { } result ? Encoding.UTF8.GetString(result.Span) : "null";

    /// <summary>When the next run is due; null when there is none.</summary>
    public TimeSpan? RetryIn => Outcome.RetryIn is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Null for a run that succeeded or was given back.</summary>
    public TaskError? Error => Status is EventixTaskStatus.Error or EventixTaskStatus.Retry ? TaskError.Read(Outcome.Result!.Value) : null;

    /// <summary>The result, read again as a C# client would read it.</summary>
    /// <exception cref="InvalidOperationException">The run did not succeed; the message says what it did.</exception>
    public TResult? ResultAs<TResult>() =>
        Status == EventixTaskStatus.Done
            ? JsonSerializer.Deserialize<TResult>(Json, TaskJson.Options)
            : throw new InvalidOperationException($"{this} has no result.");

    public sealed override string ToString() =>
        $"{Claimed.Task} ({Claimed.Uid}), attempt {Claimed.Attempt}: {Status.ToText()}{(Error is { } error ? $", {error.Class}: {error.Message}" : "")}";
}

/// <summary>A run on the bench, with everything that it did on its way.</summary>
/// <param name="Progress">Every report, in order; a worker stores the last one of each second.</param>
/// <param name="Posted">What it posted: its children, in order.</param>
public sealed record BenchRun(
    EventixTask Claimed,
    TaskOutcome Outcome,
    IReadOnlyList<ProgressReport> Progress,
    IReadOnlyList<NewTask> Posted
) : TaskRun(Claimed, Outcome);

/// <summary>The error object of a failed run.</summary>
/// <param name="Payload">A JSON object.</param>
public sealed record TaskError(string Class, string Message, int StatusCode, JsonElement Payload)
{
    internal static TaskError Read(ReadOnlyMemory<byte> json)
    {
        using var error = JsonDocument.Parse(json);
        var keys = error.RootElement;

        return new TaskError(
            keys.GetProperty("error_class").GetString()!,
            keys.GetProperty("error_message").GetString()!,
            keys.GetProperty("error_status_code").GetInt32(),
            keys.GetProperty("error_payload").Clone()
        );
    }
}
