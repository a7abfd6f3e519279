using Eventix.Application.Operations;
using Eventix.Domain.Tasks;
using MediatR;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Eventix.Infrastructure.Operations;

/// <summary>Counts tasks without a cost for those that post and claim them: nothing is kept up to date, and nothing is counted that nobody asks for.</summary>
internal sealed class TaskStatistics : IDisposable
{
    // Four partial indexes and not the rows: what is finished well is in none of them. `lane` hops from one (namespace, priority) to the next
    // and reads the earliest eta of each.
    private const string CountOpen = """
        WITH RECURSIVE lane AS (
            (SELECT t.namespace, t.priority, t.eta
             FROM eventix_task t
             WHERE t.status IN ('scheduled', 'retry') AND t.worker_id IS NULL
             ORDER BY t.namespace, t.priority, t.eta, t.id
             LIMIT 1)
            UNION ALL
            SELECT n.*
            FROM lane CROSS JOIN LATERAL (
                SELECT t.namespace, t.priority, t.eta
                FROM eventix_task t
                WHERE t.status IN ('scheduled', 'retry') AND t.worker_id IS NULL
                  AND (t.namespace, t.priority) > (lane.namespace, lane.priority)
                ORDER BY t.namespace, t.priority, t.eta, t.id
                LIMIT 1) n
        ), due AS (
            SELECT namespace, min(eta) AS oldest FROM lane WHERE eta <= now() GROUP BY namespace
        ), counted AS (
            SELECT namespace, count(*) AS waiting, 0 AS processing, 0 AS error
            FROM eventix_task
            WHERE status IN ('scheduled', 'retry') AND worker_id IS NULL
            GROUP BY namespace
            UNION ALL
            SELECT namespace, count(*), 0, 0
            FROM eventix_task
            WHERE status IN ('scheduled', 'retry') AND worker_id IS NOT NULL
            GROUP BY namespace
            UNION ALL
            SELECT namespace, 0, count(*), 0
            FROM eventix_task
            WHERE status = 'processing'
            GROUP BY namespace
            UNION ALL
            SELECT namespace, 0, 0, count(*)
            FROM eventix_task
            WHERE status = 'error'
            GROUP BY namespace
        )
        SELECT namespace, sum(waiting)::bigint, sum(processing)::bigint, sum(error)::bigint, due.oldest,
            -- The first year that a client can send is kept as -infinity, which nothing can be subtracted from.
            now() - greatest(due.oldest, '0001-01-01 00:00:00+00')
        FROM counted LEFT JOIN due USING (namespace)
        GROUP BY namespace, due.oldest
        ORDER BY namespace
        """;

    private const string CountWorkers = """
        SELECT count(DISTINCT worker_id) FROM eventix_task WHERE status = 'processing' AND worker_expires > now()
        """;

    private const string CountAll = """
        SELECT namespace, task, status, count(*) FROM eventix_task GROUP BY namespace, task, status ORDER BY namespace, task, status
        """;

    // 8 million rows take about 5 seconds.
    private const int LongestCountSeconds = 600;

    private static readonly TimeSpan Cheap = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan OldestOpen = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly NpgsqlDataSource _database;
    private readonly CountedAtTimes<Open> _open;
    private readonly CountedAtTimes<List<TaskCount>> _all;

    public TaskStatistics(NpgsqlDataSource database, TimeProvider clock, ILogger<TaskStatistics> logger)
    {
        _database = database;
        _open = new CountedAtTimes<Open>(CountOpenAsync, took => took < Cheap ? TimeSpan.Zero : OldestOpen, clock, logger);
        _all = new CountedAtTimes<List<TaskCount>>(CountAllAsync, KeepAll, clock, logger);
    }

    public async Task<TaskStats> GetAsync(CancellationToken cancellationToken)
    {
        var open = await _open.GetAsync(Timeout.InfiniteTimeSpan, cancellationToken);
        var all = await _all.GetAsync(Patience, cancellationToken);

        var ((namespaces, workers), age) = open!.Value; // with patience without end there is one, or it threw
        return new TaskStats(age, namespaces, workers, all?.Age, all?.Value);
    }

    public void Dispose()
    {
        _open.Dispose();
        _all.Dispose();
    }

    // Once a minute at most where it costs something, and not more than a twentieth of the time.
    private static TimeSpan KeepAll(TimeSpan took)
    {
        if (took < Cheap)
            return TimeSpan.Zero;

        return took * 20 > TimeSpan.FromMinutes(1) ? took * 20 : TimeSpan.FromMinutes(1);
    }

    private async Task<Open> CountOpenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);

        await using var countWorkers = new NpgsqlCommand(CountWorkers, connection);
        var workers = (long)(await countWorkers.ExecuteScalarAsync(cancellationToken))!;

        await using var count = new NpgsqlCommand(CountOpen, connection);
        await using var rows = await count.ExecuteReaderAsync(cancellationToken);

        var namespaces = new List<NamespaceStats>();
        while (await rows.ReadAsync(cancellationToken))
        {
            var isDue = !rows.IsDBNull(4);
            namespaces.Add(
                new NamespaceStats(
                    rows.GetString(0),
                    rows.GetInt64(1),
                    rows.GetInt64(2),
                    rows.GetInt64(3),
                    isDue ? rows.GetFieldValue<DateTimeOffset>(4) : null,
                    isDue ? rows.GetFieldValue<TimeSpan>(5) : null
                )
            );
        }

        return new Open(namespaces, workers);
    }

    private async Task<List<TaskCount>> CountAllAsync(CancellationToken cancellationToken)
    {
        await using var count = _database.CreateCommand(CountAll);
        count.CommandTimeout = LongestCountSeconds;
        await using var rows = await count.ExecuteReaderAsync(cancellationToken);

        var counts = new List<TaskCount>();
        while (await rows.ReadAsync(cancellationToken))
        {
            var status = EventixTaskStatusText.Parse(rows.GetString(2))!.Value; // a CHECK constraint holds the column to the five names
            counts.Add(new TaskCount(rows.GetString(0), rows.GetString(1), status, rows.GetInt64(3)));
        }

        return counts;
    }

    private sealed record Open(IReadOnlyList<NamespaceStats> Namespaces, long Workers);
}

internal sealed class GetTaskStatsHandler(TaskStatistics statistics) : IRequestHandler<GetTaskStats, TaskStats>
{
    public Task<TaskStats> Handle(GetTaskStats query, CancellationToken cancellationToken) => statistics.GetAsync(cancellationToken);
}
