using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

internal sealed class TaskClaims : ITaskClaims
{
    // A loose index scan: `lane` hops from one distinct priority to the next (one descent each, it is lazy), and `due` pulls due rows lane by
    // lane until the limit stops it. So a million tasks that are not due yet at a better priority cost one descent, not a million steps.
    // A lane starts at its bookmark, where there is one ($5, $6; both empty for a full look). `>= priority + 1` and not `> priority`: the latter
    // descends to the page where the previous lane ends and steps right from there, one buffer more.
    //
    // MATERIALIZED is a fence: with the LIMIT in a plain sub-select the planner may run it once per outer row, and SKIP LOCKED then hands out
    // fresh rows each time. The order inside `due` rests on the nested loop over the recursion; a test pins it. UPDATE returns in no order.
    //
    // What is locked stays where it is: it is updated by its place, and not looked up once more by its uid. A row that somebody changed between the
    // snapshot and the lock lies in a place that the snapshot does not see; it is left to the next claim, as it was a moment before, when it was locked.
    //
    // `(SELECT $1)` and not `$1`: planning takes as long as the claim itself, and a plan that looks cheaper for these very values is made anew each
    // time. Hidden so, all values have one plan.
    //
    // The last limit says the same once more: one that the planner does not know lets it expect a tenth. Otherwise it takes the statement for so dear
    // when ten million tasks wait that it compiles it (JIT), each time, for fifty times as long as it runs.
    //
    // Several claims may share the statement: $9 is the place in `due` from which the tasks go to the worker of that index in $3.
    internal const string Due = """
        WITH RECURSIVE lane (priority, low, k) AS (
            SELECT -2147483649, NULL::timestamptz, 0
            UNION ALL
            SELECT n.priority, n.low, n.k
            FROM lane CROSS JOIN LATERAL (
                (SELECT t.priority::bigint, t.eta AS low, lane.k
                 FROM eventix_task t
                 WHERE t.namespace = (SELECT $1) AND t.status IN ('scheduled', 'retry') AND t.worker_id IS NULL
                   AND t.priority >= lane.priority + 1 AND t.priority < coalesce($5[lane.k + 1], 2147483648)
                 ORDER BY t.priority, t.eta, t.id
                 LIMIT 1)
                UNION ALL
                SELECT $5[lane.k + 1], $6[lane.k + 1], lane.k + 1
                WHERE $5[lane.k + 1] IS NOT NULL
                LIMIT 1) n
        ), due AS MATERIALIZED (
            SELECT d.place
            FROM (
                SELECT d.place
                FROM lane CROSS JOIN LATERAL (
                    SELECT t.ctid AS place
                    FROM eventix_task t
                    WHERE t.namespace = (SELECT $1) AND t.status IN ('scheduled', 'retry') AND t.worker_id IS NULL
                      AND t.priority = lane.priority AND t.eta >= lane.low AND t.eta <= now()
                      AND ((SELECT $7) IS NULL OR t.task = ANY ((SELECT $7)::text[]))
                    ORDER BY t.eta, t.id
                    LIMIT (SELECT $2)
                    FOR UPDATE SKIP LOCKED) d
                WHERE lane.low <= now()
                LIMIT (SELECT $2)
            ) d
            LIMIT (SELECT $2)
        ), placed AS (
            SELECT d.place, d.n, width_bucket(d.n, $9) AS claim
            FROM (SELECT place, row_number() OVER () AS n FROM due) d
        )
        """;

    /// <summary>The tasks to be leased are for a `WHERE` behind it to say.</summary>
    internal const string Lease = """
        UPDATE eventix_task t
        SET status = 'processing',
            worker_id = $3[placed.claim],
            worker_expires = now() + $4[placed.claim],
            claim_id = $8,
            progress = NULL,
            progress_message = NULL,
            attempt = t.attempt + 1,
            imported_revision = NULL,
            revision = t.revision + 1,
            updated_at = now()
        FROM placed
        """;

    internal const string Take = $"""
        {Lease}
        WHERE t.ctid = placed.place
        """;

    // Put into order by the reader: here each row, with its arguments, would be copied twice more.
    internal const string Claim = $"""
        {Due}
        {Take}
        RETURNING {TaskRow.Columns}, placed.n, placed.claim
        """;

    // By uid, not by worker alone: a claim whose answer got lost on its way left tasks under this worker that nobody runs, and their leases
    // must end. No indexed column changes: such an update stays on its page and touches no index.
    // SKIP LOCKED: a write-back that waits for a lock holds locks itself, and must not let the leases of everything else run out. What is locked
    // cannot be rescued either, so it is still held.
    // (SELECT 'processing') keeps the planner from the index of what runs: it looks cheaper for many uids, but has an entry of every task that has
    // run since somebody took a snapshot. IN and not a join: the planner expects few to be extended, and compares each with each.
    internal const string ExtendLeases = """
        WITH free AS MATERIALIZED (
            SELECT t.uid
            FROM eventix_task t
            WHERE t.uid = ANY ($3) AND t.worker_id = $1 AND t.status = (SELECT 'processing')
            FOR NO KEY UPDATE SKIP LOCKED
        ), extended AS (
            UPDATE eventix_task t
            SET worker_expires = now() + $2
            FROM free
            WHERE t.uid = free.uid
            RETURNING t.uid
        )
        SELECT t.uid, t.id, t.revision, t.uid IN (SELECT uid FROM extended), t.cancel_requested_at IS NOT NULL
        FROM eventix_task t
        WHERE t.uid = ANY ($3) AND t.worker_id = $1 AND t.status = (SELECT 'processing')
        """;

    // Held until the transaction ends: a second claim under the same name waits here, and then finds what the first one got.
    private const string LockName = "SELECT pg_advisory_xact_lock(hashtextextended('eventix claim ' || $1 || chr(10) || $2, 0))";

    private const string ExtendNamed = $"""
        WITH held AS (
            UPDATE eventix_task t
            SET worker_expires = now() + $3
            WHERE t.worker_id = $1 AND t.status = 'processing' AND t.claim_id = $2
            RETURNING t.*
        )
        SELECT {TaskRow.Columns} FROM held t ORDER BY t.priority, t.eta, t.id
        """;

    private readonly NpgsqlDataSource _database;
    private readonly ClaimBookmarks _bookmarks;
    private readonly ClaimLanes _lanes;
    private readonly ClaimedRows _rows;
    private readonly NamespacesClaims _namespaces;

    public TaskClaims(NpgsqlDataSource database, ClaimBookmarks bookmarks, ILogger<TaskClaims> logger)
    {
        (_database, _bookmarks, _rows) = (database, bookmarks, new ClaimedRows(logger));
        _lanes = new ClaimLanes(ClaimTogetherAsync);
        _namespaces = new NamespacesClaims(database, bookmarks, _rows);
    }

    public async Task<IReadOnlyList<EventixTask>> ClaimAsync(TaskClaim claim) => (await ClaimAsync([claim]))[0];

    public Task<IReadOnlyList<EventixTask>[]> ClaimAsync(IReadOnlyList<TaskClaim> claims) => _lanes.ClaimAsync(claims);

    public Task<IReadOnlyList<EventixTask>[]> ClaimAsync(NamespacesClaim claim) => _namespaces.ClaimAsync(claim);

    public Task<IReadOnlyList<EventixTask>> ClaimOnceAsync(ClaimRequest request, CancellationToken cancellationToken) =>
        StatementRetry.RunAsync(async () =>
        {
            await using var connection = await _database.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

            var claimed = await ClaimOnceAsync(request, connection, transaction, cancellationToken);
            await transaction.CommitAsync(cancellationToken);

            return claimed;
        });

    private async Task<IReadOnlyList<EventixTask>> ClaimOnceAsync(
        ClaimRequest request,
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        await using (var lockName = new NpgsqlCommand(LockName, connection, transaction))
        {
            lockName.Parameters.With(request.WorkerId).With(request.ClaimId!);
            await lockName.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var extend = new NpgsqlCommand(ExtendNamed, connection, transaction);
        extend.Parameters.With(request.WorkerId).With(request.ClaimId!).With(request.Lease);
        var held = await _rows.ReadAsync(extend, cancellationToken);
        if (held.Count > 0)
            return held;

        var claimed = new List<EventixTask>();
        foreach (var @namespace in request.Namespaces.TakeWhile(_ => claimed.Count < request.Limit))
        {
            var claim = new TaskClaim(@namespace, request.WorkerId, request.Limit - claimed.Count, request.Lease, request.TaskNames);
            await using var command = new NpgsqlCommand(Claim, connection, transaction);
            claimed.AddRange((await ClaimAsync(command, [claim], request.ClaimId, cancellationToken))[0]);
        }

        return claimed;
    }

    private Task<IReadOnlyList<EventixTask>[]> ClaimTogetherAsync(IReadOnlyList<TaskClaim> claims) =>
        StatementRetry.RunAsync(async () =>
        {
            await using var command = _database.CreateCommand(Claim);
            return await ClaimAsync(command, claims, claimId: null, CancellationToken.None);
        });

    /// <param name="claims">All of one namespace and of the same task names; the first one gets the first tasks.</param>
    private async Task<IReadOnlyList<EventixTask>[]> ClaimAsync(
        NpgsqlCommand command,
        IReadOnlyList<TaskClaim> claims,
        string? claimId,
        CancellationToken cancellationToken
    )
    {
        var (@namespace, taskNames) = (claims[0].Namespace, claims[0].TaskNames);
        using var look = _bookmarks.Begin(@namespace, taskNames);
        if (look is null)
            return [.. claims.Select(_ => Array.Empty<EventixTask>())];

        var firsts = new long[claims.Count];
        var limit = 0;
        for (var i = 0; i < claims.Count; i++)
        {
            firsts[i] = limit + 1;
            limit += claims[i].Limit;
        }

        command
            .Parameters.With(@namespace)
            .With(limit)
            .With<string[]>([.. claims.Select(claim => claim.WorkerId)])
            .With<TimeSpan[]>([.. claims.Select(claim => claim.Lease)])
            .With(look.Priorities)
            .With(look.Etas)
            .With(taskNames?.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(claimId, NpgsqlDbType.Text)
            .With(firsts);

        var claimed = await _rows.ReadInOrderAsync(command, cancellationToken);
        look.End(claimed.ConvertAll(row => row.Task));

        var answers = Array.ConvertAll(firsts, _ => new List<EventixTask>());
        foreach (var (task, _, claim) in claimed)
            answers[claim - 1].Add(task);

        return answers;
    }

    public async Task<IReadOnlyList<HeldLease>> ExtendLeasesAsync(
        string workerId,
        IReadOnlyCollection<string> uids,
        TimeSpan lease,
        CancellationToken cancellationToken
    )
    {
        await using var command = _database.CreateCommand(ExtendLeases);
        command.Parameters.With(workerId).With(lease).With<string[]>([.. uids]);

        await using var rows = await command.ExecuteReaderAsync(cancellationToken);

        var held = new List<HeldLease>(uids.Count);
        while (await rows.ReadAsync(cancellationToken))
        {
            var revision = new Revision(rows.GetInt64(1), rows.GetInt64(2));
            held.Add(new HeldLease(rows.GetString(0), revision, rows.GetBoolean(3), rows.GetBoolean(4)));
        }

        return held;
    }
}
