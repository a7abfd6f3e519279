using Eventix.Application.Tasks;
using Eventix.Infrastructure.Persistence;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// A list of waiting tasks. Those that no worker has are in the index of claims, the few that carry one in an index of their own, and no index
/// has them by arrival. So the page is found in the entries of the indexes, without a look at the rows, and only then are its rows read. The
/// conditions on the worker are there for the planner: they are what the indexes are limited to. See docs/decisions/0006.
/// </summary>
internal static class WaitingTaskList
{
    // How many tasks a page is guessed by. The more, the better the guess and the dearer: this many are read in 3 ms.
    private const int Sample = 10_000;

    /// <summary>Whether whatever the filter finds is waiting: it asks for one of those states.</summary>
    public static bool IsOf(TaskFilter filter) =>
        Conjuncts(filter)
            .Any(part => part is TaskFilter.Equal { Value: "scheduled" or "retry" } equal && equal.Column == TaskColumn.Status);

    /// <summary>Counts what <paramref name="condition"/> finds, by the indexes alone where they hold all that it asks for.</summary>
    public static string Count(string condition) =>
        $"""
            SELECT (SELECT count(*) FROM eventix_task t WHERE {condition} AND t.worker_id IS NULL)
                 + (SELECT count(*) FROM eventix_task t WHERE {condition} AND t.worker_id IS NOT NULL)
            """;

    /// <summary>
    /// What goes behind FROM: a superset of the page, called `t`, which the statement still has to order and to cut. Without a limit, all that
    /// <paramref name="condition"/> finds.
    /// </summary>
    public static string Source(ListTasks list, string condition, string order, NpgsqlParameterCollection parameters)
    {
        if (list.Limit == 0)
            return $"""
                (
                    SELECT t.* FROM eventix_task t WHERE {condition} AND t.worker_id IS NULL
                    UNION ALL
                    SELECT t.* FROM eventix_task t WHERE {condition} AND t.worker_id IS NOT NULL
                ) t
                """;

        var end = (long)list.Skip + list.Limit;
        var limit = parameters.Place(end);
        var isByArrival = list.Order == TaskOrder.Arrival && list.Sort.Count == 0;
        var guess = isByArrival ? $"AND {Guess(list, condition, end, parameters)}" : "";

        // Read again by what is in the index: it has no index of ids, and where a row lies is known only to who has read it.
        return $"""
            (
                SELECT t.*
                FROM (
                    SELECT t.namespace, t.priority, t.eta, t.id
                    FROM eventix_task t
                    WHERE {condition} AND t.worker_id IS NULL {guess}
                    ORDER BY {order}
                    LIMIT {limit}
                ) f
                JOIN eventix_task t ON t.namespace = f.namespace AND t.priority = f.priority AND t.eta = f.eta AND t.id = f.id
                WHERE t.status IN ('scheduled', 'retry') AND t.worker_id IS NULL
                UNION ALL
                (SELECT t.* FROM eventix_task t WHERE {condition} AND t.worker_id IS NOT NULL ORDER BY {order} LIMIT {limit})
            ) t
            """;
    }

    // Of any tasks that the list has, as many as the page ends behind: the page ends no later than the last one of them. The id is in the index,
    // so entries behind it are passed over before anybody asks whether their rows are visible, which is what such a scan takes its time for.
    // Where the sample has too few of them, or would have to be larger than it is, everything is read.
    private static string Guess(ListTasks list, string condition, long end, NpgsqlParameterCollection parameters)
    {
        var indexed = Conjuncts(list.Filter)
            .Where(part => part is TaskFilter.Equal equal && (equal.Column == TaskColumn.Namespace || equal.Column == TaskColumn.Status));
        var sampled = TaskConditions.Of(new TaskFilter.All([.. indexed]), parameters);
        if (list.After is { } after)
            sampled += $" AND t.id > {parameters.Place(after.Id)}";

        return $"""
            t.id <= coalesce((
                SELECT t.id
                FROM (SELECT * FROM eventix_task t WHERE {sampled} AND t.worker_id IS NULL LIMIT {Sample}) t
                WHERE {condition}
                ORDER BY t.id
                LIMIT 1 OFFSET {parameters.Place(end - 1)}), {long.MaxValue})
            """;
    }

    private static IEnumerable<TaskFilter> Conjuncts(TaskFilter filter) =>
        filter is TaskFilter.All all ? all.Filters.SelectMany(Conjuncts) : [filter];
}
