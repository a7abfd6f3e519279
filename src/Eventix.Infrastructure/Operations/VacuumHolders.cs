using Eventix.Application.Operations;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eventix.Infrastructure.Operations;

/// <summary>Looks for what holds back vacuum of this database. It reads what PostgreSQL has in memory, and no table.</summary>
internal sealed class VacuumHolders(NpgsqlDataSource database, IOptions<VacuumWatchOptions> options)
{
    /// <summary>So many are told at most, the worst ones.</summary>
    public const int Most = 20;

    private const int PatienceSeconds = 3;

    // A snapshot holds back vacuum in its own database only. A transaction that has written does so in every database, since it is in the
    // snapshots of all others: so theirs count only where they are older than a fresh one (`fresh`). What vacuum itself holds is disregarded by
    // vacuum, and a parallel worker has the snapshot of its leader. Of a backend of another role there is next to nothing without
    // pg_read_all_stats, but its xid and xmin are always there. `age` counts up to the next xid, which a snapshot does not know exactly.
    // The text of a query may hold secrets, and is not read, save to know a vacuum that has yet to get its lock.
    private const string Look = """
        WITH snapshot AS MATERIALIZED (
            SELECT txid_snapshot_xmax(taken) AS xmax, txid_snapshot_xmin(taken) AS xmin FROM txid_current_snapshot() AS taken
        ), clock AS MATERIALIZED (
            SELECT xmax + age(mod(xmax, 4294967296)::text::xid) AS next, age(mod(xmin, 4294967296)::text::xid) AS fresh FROM snapshot
        ), backend AS (
            SELECT CASE WHEN a.datid IS NULL THEN 'standby' ELSE 'transaction' END AS kind,
                CASE WHEN a.datid IS NULL THEN coalesce(nullif(a.application_name, ''), a.pid::text) ELSE a.pid::text END AS name,
                'tables' AS holds, a.pid, a.datname AS database, a.usename AS "user", nullif(a.application_name, '') AS application,
                host(a.client_addr) AS client, a.backend_type AS backend, a.state, a.xact_start AS began,
                greatest(
                    age(a.backend_xid),
                    CASE WHEN a.datid IS NULL OR a.datname = current_database() THEN nullif(greatest(age(a.backend_xmin), fresh), fresh) END
                ) AS transactions,
                CASE
                    WHEN a.datid IS NULL THEN 'End the long query on the standby, or switch hot_standby_feedback off there'
                    WHEN a.backend_type = 'autovacuum worker' THEN
                        format('It gathers statistics and ends by itself; if it must be now: SELECT pg_terminate_backend(%s)', a.pid)
                    ELSE format('Commit its transaction, roll it back, or end its connection: SELECT pg_terminate_backend(%s)', a.pid)
                END || CASE
                    WHEN a.backend_type IS NULL THEN
                        format('. What else is known of it is hidden from this host: GRANT pg_read_all_stats TO %I', current_user)
                    ELSE ''
                END AS remedy
            FROM pg_stat_activity a CROSS JOIN clock
            WHERE a.pid <> pg_backend_pid()
              AND (a.datid IS NOT NULL OR a.backend_type IS NULL OR a.backend_type = 'walsender')
              AND a.backend_type IS DISTINCT FROM 'parallel worker'
              AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum v WHERE v.pid = a.pid)
              AND (a.wait_event_type = 'Lock' AND a.query ~* '^\s*vacuum\M') IS NOT TRUE
        ), prepared AS (
            SELECT 'prepared_transaction', gid, 'tables', NULL::int, database, owner, NULL, NULL, NULL, NULL, prepared, age(transaction),
                format('In the database %I: COMMIT PREPARED %L or ROLLBACK PREPARED %L', database, gid, gid)
            FROM pg_prepared_xacts
        ), slot AS (
            SELECT 'replication_slot', s.slot_name, held.what, s.active_pid, s.database, NULL, NULL, NULL, s.slot_type || ' slot',
                CASE WHEN s.active THEN 'active' ELSE 'inactive' END, NULL::timestamptz, nullif(greatest(age(held.xid), fresh), fresh),
                CASE
                    WHEN NOT s.active THEN format('If nobody comes back for it: SELECT pg_drop_replication_slot(%L)', s.slot_name)
                    WHEN s.slot_type = 'physical' THEN
                        'End the long query on the standby that uses it, or switch hot_standby_feedback off there'
                    ELSE 'Look why its reader does not confirm what it has read'
                END
            FROM pg_replication_slots s CROSS JOIN clock
            CROSS JOIN LATERAL (VALUES ('tables', s.xmin), ('catalogs', s.catalog_xmin)) AS held (what, xid)
        ), holder AS (
            SELECT * FROM backend UNION ALL SELECT * FROM prepared UNION ALL SELECT * FROM slot
        )
        SELECT now(), next, kind, name, holds, pid, database, "user", application, client, backend, state, began, transactions, remedy
        FROM clock LEFT JOIN holder ON transactions > 0
        ORDER BY holds DESC, transactions DESC, began, name
        """;

    private readonly TransactionTimes _times = new();

    /// <returns>The worst first, those that hold back only PostgreSQL's own tables last; null when the role of this host may not look.</returns>
    public async Task<IReadOnlyList<VacuumHolder>?> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(cancellationToken);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            return null;
        }
    }

    private async Task<IReadOnlyList<VacuumHolder>> ReadAsync(CancellationToken cancellationToken)
    {
        await using var look = database.CreateCommand(Look);
        look.CommandTimeout = PatienceSeconds;
        await using var rows = await look.ExecuteReaderAsync(cancellationToken);

        var holders = new List<VacuumHolder>();
        while (await rows.ReadAsync(cancellationToken))
        {
            var (now, next) = (rows.GetFieldValue<DateTimeOffset>(0), rows.GetInt64(1));
            _times.Add(now, next);

            if (!rows.IsDBNull(2) && holders.Count < Most && Read(rows, now, next) is { } holder)
                holders.Add(holder);
        }

        return holders;
    }

    /// <returns>Null when it has not held for long.</returns>
    private VacuumHolder? Read(NpgsqlDataReader row, DateTimeOffset now, long next)
    {
        var transactions = row.GetInt32(13);
        var oldest = next - transactions;
        DateTimeOffset? began = row.IsDBNull(12) ? null : row.GetFieldValue<DateTimeOffset>(12);

        // What was given out long ago and is still needed holds. A transaction that began long ago need not: it may take a new snapshot for each
        // statement. Only while this host has not looked for long enough, its beginning must do.
        var isLong = _times.NextAt(now - options.Value.HeldFor) is { } then ? oldest < then : now - began >= options.Value.HeldFor;
        if (!isLong)
            return null;

        return new VacuumHolder(
            row.GetString(2),
            row.GetString(3),
            row.GetString(4),
            row.IsDBNull(5) ? null : row.GetInt32(5),
            Text(row, 6),
            Text(row, 7),
            Text(row, 8),
            Text(row, 9),
            Text(row, 10),
            Text(row, 11),
            now - (began ?? _times.FirstBeyond(oldest) ?? now),
            transactions,
            row.GetString(14)
        );
    }

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

internal sealed class GetVacuumHoldersHandler(VacuumHolders holders) : IRequestHandler<GetVacuumHolders, IReadOnlyList<VacuumHolder>?>
{
    public Task<IReadOnlyList<VacuumHolder>?> Handle(GetVacuumHolders query, CancellationToken cancellationToken) =>
        holders.LookAsync(cancellationToken);
}
