using Eventix.Application.Messaging;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Tasks;

/// <summary>
/// Lists tasks, one look at the database for the whole answer: rows, total and order are of the same moment. Rows are read as they are
/// consumed, so a list may be as long as the table. The caller disposes of the page.
/// </summary>
/// <param name="Order">The order of the list when <paramref name="Sort"/> is empty.</param>
/// <param name="Sort">Columns to sort by; the order of arrival settles ties.</param>
/// <param name="After">Where a former page of the same list ended: its <see cref="ITaskPage.Next"/>. Not together with a sort.</param>
/// <param name="Skip">0 for none.</param>
/// <param name="Limit">0 for no limit.</param>
public sealed record ListTasks(TaskFilter Filter, TaskOrder Order, IReadOnlyList<TaskSort> Sort, TaskCursor? After, int Skip, int Limit)
    : IQuery<ITaskPage>;

/// <summary>The order of a list that no client has sorted. Each ends in a value that no two tasks share.</summary>
public enum TaskOrder
{
    /// <summary>The order of arrival.</summary>
    Arrival,

    /// <summary>Scheduled, processing, retry, error, done; within each the latest eta first; then the order of arrival.</summary>
    StatusThenLatestEta,

    /// <summary>By uid, by code point.</summary>
    Uid,
}

/// <summary>One column of a sort.</summary>
public sealed record TaskSort(TaskColumn Column, bool Descending);

/// <summary>A part of a list of tasks.</summary>
public interface ITaskPage : IAsyncDisposable
{
    /// <summary>The tasks in order. To be read once, to the end, before anything else here.</summary>
    IAsyncEnumerable<EventixTask> ReadAsync(CancellationToken cancellationToken);

    /// <summary>How many tasks match the filter, whatever was skipped or cut off.</summary>
    Task<long> CountAsync(CancellationToken cancellationToken);

    /// <summary>Where the next page begins; null when this one was not cut off by its limit, or was sorted.</summary>
    TaskCursor? Next { get; }
}
