using System.Text;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using FluentValidation;

namespace Eventix.Application.Tasks;

/// <summary>
/// A task as a client sends it, with every default applied but the ones that need the database's clock: a null time means now.
/// </summary>
public sealed record NewTask
{
    /// <summary>Any text; 32 lower-case hex digits unless the client chose otherwise.</summary>
    public string Uid { get; init; } = TimeOrderedUid.New();

    /// <summary>The revision that was sent: an insert counts on from its number, a PUT must match it whole.</summary>
    public string? Revision { get; init; }

    public int Version { get; init; } = 1;

    public DateTimeOffset? CreatedAt { get; init; }

    public string? UniqueKey { get; init; }

    public DateTimeOffset? Eta { get; init; }

    public DateTimeOffset? Scheduled { get; init; }

    public EventixTaskStatus Status { get; init; }

    /// <summary>Lower runs first.</summary>
    public int Priority { get; init; }

    public string Namespace { get; init; } = EventixTask.DefaultNamespace;

    public required string Task { get; init; }

    /// <summary>A JSON array as UTF-8; stored and echoed byte for byte.</summary>
    public ReadOnlyMemory<byte> Args { get; init; } = "[]"u8.ToArray();

    /// <summary>A JSON object as UTF-8; stored and echoed byte for byte.</summary>
    public ReadOnlyMemory<byte> Kwargs { get; init; } = "{}"u8.ToArray();

    public string? WorkerId { get; init; }

    /// <summary>End of the lease; a `processing` task without one gets <see cref="EventixTask.DefaultLease"/>.</summary>
    public DateTimeOffset? WorkerExpires { get; init; }

    public bool Retry { get; init; } = true;

    public int? MaxRetries { get; init; }

    public int ErrorEtaInc { get; init; } = EventixTask.DefaultErrorEtaInc;

    public int ErrorEtaMax { get; init; } = EventixTask.DefaultErrorEtaMax;

    public bool StoreResult { get; init; } = true;

    /// <summary>A JSON value as UTF-8; null for none (and for JSON's null).</summary>
    public ReadOnlyMemory<byte>? Result { get; init; }

    public int? ErrorExpires { get; init; }

    public int? ResultExpires { get; init; } = EventixTask.DefaultResultExpires;

    public DateTimeOffset? Expires { get; init; }

    public string? Operator { get; init; } = EventixTask.DefaultOperator;

    /// <summary>The revision counter of a task that is created from this: one more than that of the sent revision.</summary>
    public long FirstRevisionCounter => Domain.Tasks.Revision.TryReadCounter(Revision, out var counter) ? counter + 1 : long.MaxValue;
}

/// <summary>What a row of the table can hold. Everything else about a task is free.</summary>
internal sealed class NewTaskValidator : AbstractValidator<NewTask>
{
    public NewTaskValidator()
    {
        RuleFor(task => task.Uid).Storable(EventixTask.MaxKeyBytes);
        RuleFor(task => task.Revision).Storable(int.MaxValue);
        RuleFor(task => task.Revision)
            .Must(revision => Revision.TryReadCounter(revision, out _))
            .WithMessage("The revision's counter is too large");
        RuleFor(task => task.UniqueKey).Storable(EventixTask.MaxKeyBytes);
        RuleFor(task => task.Namespace).Storable(EventixTask.MaxNamespaceBytes);
        RuleFor(task => task.Task).Storable(int.MaxValue);
        RuleFor(task => task.WorkerId).Storable(EventixTask.MaxKeyBytes);
        RuleFor(task => task.Operator).Storable(int.MaxValue);
    }
}

/// <summary>The rule for text that becomes a column.</summary>
internal static class StorableText
{
    /// <summary>No NUL (PostgreSQL's text cannot hold it), and not longer than an index row can be. Null passes.</summary>
    public static void Storable<T>(this IRuleBuilder<T, string?> text, int maxBytes) =>
        text.Must(value => value is null || !value.Contains('\0', StringComparison.Ordinal))
            .WithMessage("String should not contain NUL characters")
            .Must(value => value is null || value.Length <= maxBytes / 4 || Encoding.UTF8.GetByteCount(value) <= maxBytes)
            .WithMessage($"String should have at most {maxBytes} bytes in UTF-8");
}
