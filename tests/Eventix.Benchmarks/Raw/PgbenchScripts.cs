using System.Text.RegularExpressions;
using Eventix.Benchmarks.Servers;
using Eventix.Infrastructure.Tasks;

namespace Eventix.Benchmarks.Raw;

/// <summary>
/// Scripts for pgbench, made of the project's own statements: what PostgreSQL can do with them on this machine when nothing of ours stands in
/// between.
/// </summary>
internal static partial class PgbenchScripts
{
    public const int BatchSize = 500;

    /// <summary>The variable that a script starts with: where a client of pgbench begins to look for due tasks, as a host does.</summary>
    public const string FirstBookmark = "c_eta=-infinity";

    private static readonly string Uid = DueTasks.UidAt("clock_timestamp()");

    /// <summary>One task for each transaction.</summary>
    public static string Insert => Render(TaskPosts.Insert, Posted(Uid, (value, type) => $"{value}::{type}")) + ";\n";

    /// <summary><see cref="BatchSize"/> tasks for each transaction.</summary>
    public static string InsertMany =>
        Render(
            TaskPosts.InsertMany,
            Posted(
                $"(SELECT array_agg({Uid}) FROM generate_series(1, {BatchSize}))",
                (value, type) => $"array_fill({value}::{type}, ARRAY[{BatchSize}])"
            )
        ) + ";\n";

    /// <summary>Each client keeps a bookmark of its own, without which dead index entries slow it down more and more.</summary>
    public static string Claim => Render(TaskClaims.Claim, Claimed(1)) + " \\gset c_\n";

    /// <summary>
    /// One task for each two transactions. The second is leaner than the project's own statement, which is made for sets and decides more: the
    /// stronger baseline (both are measured in the part `raw`).
    /// </summary>
    public static string Cycle =>
        Claim
        + $"""
            UPDATE eventix_task t
            SET status = 'done', result = '{DueTasks.Result}'::json, expires = now() + interval '7 days', worker_expires = NULL,
                cancel_requested_at = NULL, revision = t.revision + 1, updated_at = now()
            WHERE t.uid = :c_uid AND t.id = :c_id AND t.revision = :c_revision;

            """;

    /// <summary>The same with the project's own statement.</summary>
    public static string CycleByOwnStatement =>
        Claim
        + Render(TaskWriteBacks.WriteBack, Done("ARRAY[:c_uid::text]", "ARRAY[:c_id::bigint]", "ARRAY[:c_revision::bigint]", 1))
        + ";\n";

    /// <summary>
    /// <see cref="BatchSize"/> tasks for each two transactions. The claim answers what a worker needs of them as arrays, since pgbench can carry one
    /// row only from a statement to the next one.
    /// </summary>
    public static string CycleMany
    {
        get
        {
            const string ClaimMany = $"""
                {TaskClaims.Due}, claimed AS (
                    {TaskClaims.Take}
                    RETURNING t.*
                )
                SELECT array_agg(t.uid) AS uids, array_agg(t.id) AS ids, array_agg(t.revision) AS revisions, max(t.eta) AS eta,
                    array_agg(t.task) AS tasks, array_agg(t.args::text) AS args, array_agg(t.kwargs::text) AS kwargs
                FROM claimed t
                """;

            return Render(ClaimMany, Claimed(BatchSize))
                + " \\gset c_\n"
                + Render(TaskWriteBacks.WriteBack, Done(":c_uids::text[]", ":c_ids::bigint[]", ":c_revisions::bigint[]", BatchSize))
                + ";\n";
        }
    }

    /// <summary>Puts values in the place of `$1` … of a statement.</summary>
    /// <remarks>A colon before a digit, as JSON in the statement has it, gets a space behind it: old versions of pgbench take it for a variable.</remarks>
    /// <exception cref="KeyNotFoundException">The statement has a parameter that was not given.</exception>
    internal static string Render(string sql, IReadOnlyDictionary<int, string> values) =>
        Parameter().Replace(ColonBeforeDigit().Replace(sql, ": "), match => $"({values[int.Parse(match.ValueSpan[1..])]})");

    private static Dictionary<int, string> Posted(string uid, Func<string, string, string> value)
    {
        (string Value, string Type)[] columns =
        [
            ("1", "bigint"),
            ("1", "int"),
            ("NULL", "timestamptz"),
            ("NULL", "text"),
            ("NULL", "timestamptz"),
            ("NULL", "timestamptz"),
            ("'scheduled'", "text"),
            ("0", "int"),
            ("'default'", "text"),
            ($"'{Drains.Touch.Name}'", "text"),
            ("'[]'", "text"),
            ($"'{DueTasks.Kwargs}'", "text"),
            ("NULL", "text"),
            ("NULL", "timestamptz"),
            ("true", "boolean"),
            ("NULL", "int"),
            ("15", "int"),
            ("300", "int"),
            ("true", "boolean"),
            ("NULL", "text"),
            ("NULL", "int"),
            ("604800", "int"),
            ("NULL", "timestamptz"),
            ("'unknown'", "text"),
        ];

        var values = columns
            .Select((column, i) => (Key: i + 2, Text: value(column.Value, column.Type)))
            .ToDictionary(c => c.Key, c => c.Text);
        values[1] = uid;

        return values;
    }

    private static Dictionary<int, string> Claimed(int limit) =>
        new()
        {
            [1] = "'default'::text",
            [2] = $"{limit}",
            [3] = "ARRAY['pgbench']",
            [4] = "ARRAY[interval '300 s']",
            [5] = "ARRAY[0]::bigint[]",
            [6] = "ARRAY[:c_eta::timestamptz]",
            [7] = "NULL::text[]",
            [8] = "NULL::text",
            [9] = "ARRAY[1]::bigint[]",
        };

    private static Dictionary<int, string> Done(string uids, string ids, string revisions, int count) =>
        new()
        {
            [1] = uids,
            [2] = ids,
            [3] = revisions,
            [4] = $"array_fill('done'::text, ARRAY[{count}])",
            [5] = $"array_fill('{DueTasks.Result}'::text, ARRAY[{count}])",
            [6] = $"array_fill(604800, ARRAY[{count}])",
            [7] = $"array_fill(NULL::int, ARRAY[{count}])",
            [8] = $"array_fill(NULL::int, ARRAY[{count}])",
            [9] = $"array_fill(15, ARRAY[{count}])",
        };

    [GeneratedRegex(@":(?=\d)", RegexOptions.None, 1000)]
    private static partial Regex ColonBeforeDigit();

    [GeneratedRegex(@"\$\d+", RegexOptions.None, 1000)]
    private static partial Regex Parameter();
}
