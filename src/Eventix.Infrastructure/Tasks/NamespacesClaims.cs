using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

/// <summary>Claims of one worker from many namespaces in one statement: a thousand namespaces would be a thousand round trips and commits.</summary>
internal sealed class NamespacesClaims(NpgsqlDataSource database, ClaimBookmarks bookmarks, ClaimedRows rows)
{
    // TaskClaims.Due for each namespace in turn, until $11 tasks are found; the reasons are there. A namespace without due tasks costs the
    // descent of its first lane. Its bookmarks are those from `first` to `last` of $5 and $6.
    //
    // (SELECT $1) also hides how many namespaces there are: the planner takes a thousand for dear, and compiles the statement (JIT) for several times as
    // long as it runs. ANY (ARRAY …) is looked up by place however many rows the planner thinks that `due` has; a join may read a large table.
    internal const string Claim = $"""
        WITH due AS MATERIALIZED (
            SELECT d.place
            FROM (
                SELECT namespace, most, ($5::bigint[])[first:last] AS priorities, ($6::timestamptz[])[first:last] AS etas
                FROM unnest((SELECT $1::text[]), (SELECT $2::int[]), (SELECT $9::int[]), (SELECT $10::int[]))
                    AS o (namespace, most, first, last)
            ) queue CROSS JOIN LATERAL (
                WITH RECURSIVE lane (priority, low, k) AS (
                    SELECT -2147483649, NULL::timestamptz, 0
                    UNION ALL
                    SELECT n.priority, n.low, n.k
                    FROM lane CROSS JOIN LATERAL (
                        (SELECT t.priority::bigint, t.eta AS low, lane.k
                         FROM eventix_task t
                         WHERE t.namespace = queue.namespace AND t.status IN ('scheduled', 'retry') AND t.worker_id IS NULL
                           AND t.priority >= lane.priority + 1 AND t.priority < coalesce(queue.priorities[lane.k + 1], 2147483648)
                         ORDER BY t.priority, t.eta, t.id
                         LIMIT 1)
                        UNION ALL
                        SELECT queue.priorities[lane.k + 1], queue.etas[lane.k + 1], lane.k + 1
                        WHERE queue.priorities[lane.k + 1] IS NOT NULL
                        LIMIT 1) n
                )
                SELECT d.place
                FROM lane CROSS JOIN LATERAL (
                    SELECT t.ctid AS place
                    FROM eventix_task t
                    WHERE t.namespace = queue.namespace AND t.status IN ('scheduled', 'retry') AND t.worker_id IS NULL
                      AND t.priority = lane.priority AND t.eta >= lane.low AND t.eta <= now()
                      AND ((SELECT $7) IS NULL OR t.task = ANY ((SELECT $7)::text[]))
                    ORDER BY t.eta, t.id
                    LIMIT queue.most
                    FOR UPDATE SKIP LOCKED) d
                WHERE lane.low <= now()
                LIMIT queue.most
            ) d
            LIMIT (SELECT $11)
        ), placed AS (
            SELECT 1 AS claim
        )
        {TaskClaims.Lease}
        WHERE t.ctid = ANY (ARRAY (SELECT place FROM due))
        RETURNING {TaskRow.Columns}
        """;

    public Task<IReadOnlyList<EventixTask>[]> ClaimAsync(NamespacesClaim claim) =>
        StatementRetry.RunAsync(async () =>
        {
            var looks = bookmarks.Begin(claim.Namespaces, claim.TaskNames);
            try
            {
                var claimed = new List<EventixTask>();
                if (looks.Any(look => look is not null))
                {
                    await using var command = database.CreateCommand(Claim);
                    AddParameters(command, claim, looks);
                    claimed = await rows.ReadAsync(command, CancellationToken.None);
                }

                return Divide(claim, looks, claimed);
            }
            finally
            {
                foreach (var look in looks)
                    look?.Dispose();
            }
        });

    private static void AddParameters(NpgsqlCommand command, NamespacesClaim claim, ClaimLook?[] looks)
    {
        var (namespaces, limits, firsts, lasts) = (new List<string>(), new List<int>(), new List<int>(), new List<int>());
        var (priorities, etas) = (new List<long>(), new List<DateTimeOffset>());

        foreach (var (one, look) in claim.Namespaces.Zip(looks))
        {
            if (look is null)
                continue;

            namespaces.Add(one.Namespace);
            limits.Add(one.Limit);
            firsts.Add(priorities.Count + 1);
            priorities.AddRange(look.Priorities);
            etas.AddRange(look.Etas);
            lasts.Add(priorities.Count);
        }

        command
            .Parameters.With<string[]>([.. namespaces])
            .With<int[]>([.. limits])
            .With<string[]>([claim.WorkerId])
            .With<TimeSpan[]>([claim.Lease])
            .With<long[]>([.. priorities])
            .With<DateTimeOffset[]>([.. etas])
            .With(claim.TaskNames?.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With<string?>(null, NpgsqlDbType.Text)
            .With<int[]>([.. firsts])
            .With<int[]>([.. lasts])
            .With<long>(claim.Limit);
    }

    /// <summary>Answers each namespace, in the order of the queue (UPDATE returns in no order), and moves its bookmarks.</summary>
    private static IReadOnlyList<EventixTask>[] Divide(NamespacesClaim claim, ClaimLook?[] looks, List<EventixTask> claimed)
    {
        var tasks = claimed.ToLookup(task => task.Namespace, StringComparer.Ordinal);
        var answers = claim
            .Namespaces.Select(
                IReadOnlyList<EventixTask> (one) =>
                    [.. tasks[one.Namespace].OrderBy(task => task.Priority).ThenBy(task => task.Eta).ThenBy(task => task.Id)]
            )
            .ToArray();

        var lastReached = claimed.Count == claim.Limit ? Array.FindLastIndex(answers, answer => answer.Count > 0) : answers.Length - 1;
        for (var i = 0; i < looks.Length; i++)
        {
            if (looks[i] is not { } look)
                continue;

            if (i <= lastReached)
                look.End(answers[i], lastReached + 1);
            else
                look.NotReached();
        }

        return answers;
    }
}
