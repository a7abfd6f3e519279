namespace Eventix.Infrastructure.Tasks;

/// <summary>The waiting tasks of a unique key in all namespaces.</summary>
internal static class WaitingTaskOfKey
{
    /// <summary>
    /// Two common table expressions that end in `found (uid)`: up to two tasks of the key `$1`, since two are enough to know that it is not
    /// unique. The index of keys begins with the namespace, so this hops from one namespace with waiting keys to the next: two descents each.
    /// </summary>
    public const string Found = """
        WITH RECURSIVE place (namespace) AS (
            (SELECT t.namespace
             FROM eventix_task t
             WHERE t.unique_key IS NOT NULL AND t.status IN ('scheduled', 'retry')
             ORDER BY t.namespace
             LIMIT 1)
            UNION ALL
            SELECT next.namespace
            FROM place CROSS JOIN LATERAL (
                SELECT t.namespace
                FROM eventix_task t
                WHERE t.namespace > place.namespace AND t.unique_key IS NOT NULL AND t.status IN ('scheduled', 'retry')
                ORDER BY t.namespace
                LIMIT 1) next
        ), found AS MATERIALIZED (
            SELECT t.uid
            FROM place CROSS JOIN LATERAL (
                SELECT w.uid
                FROM eventix_task w
                WHERE w.namespace = place.namespace AND w.unique_key = $1 AND w.status IN ('scheduled', 'retry')) t
            LIMIT 2
        )
        """;
}
