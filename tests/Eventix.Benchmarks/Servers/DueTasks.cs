using Eventix.Benchmarks.Drains;
using Eventix.Domain;

namespace Eventix.Benchmarks.Servers;

/// <summary>Tasks as SQL puts them into the table, so that filling it is no part of what is measured.</summary>
internal static class DueTasks
{
    /// <summary>With the braces 100 bytes, as a usual task has.</summary>
    public static readonly string Kwargs = $$"""{"payload":"{{new string('x', 86)}}"}""";

    /// <summary>What it answers. No colon in front of a letter: pgbench would take that for a variable.</summary>
    public const string Result = """{"said":"done"}""";

    private const string Due = "now() - interval '1 day' + n * interval '1 ms'";

    // As Python clients make them.
    private const string RandomUid = "replace(gen_random_uuid()::text, '-', '')";

    /// <summary>SQL that makes a uid as <see cref="TimeOrderedUid"/> makes them at a time.</summary>
    public static string UidAt(string time) =>
        $"lpad(to_hex((1000 * extract(epoch FROM {time}))::bigint), 12, '0') || '7' || substr({RandomUid}, 14)";

    /// <summary>Adds tasks that are due, a millisecond apart, as tasks that were posted one after the other are.</summary>
    /// <param name="isRandom">Their uids are random, as clients make them, and not in the order of time.</param>
    /// <param name="namespaces">The tasks go to `ns1` … in turn, and not to <paramref name="namespace"/>, unless it is 0.</param>
    public static async Task FillAsync(
        BenchDatabase database,
        long count,
        string @namespace = "default",
        int namespaces = 0,
        bool isRandom = false
    )
    {
        await database.ExecuteAsync(
            $"""
            INSERT INTO eventix_task (uid, task, kwargs, namespace, eta)
            SELECT {(isRandom ? RandomUid : UidAt(Due))}, '{Touch.Name}', '{Kwargs}',
                {(namespaces == 0 ? $"'{@namespace}'" : $"'ns' || 1 + n % {namespaces}")},
                {Due}
            FROM generate_series(1, {count}) n
            """
        );
    }

    /// <summary>Adds tasks that are due in a month, at a priority of their own.</summary>
    public static Task FillNotDueAsync(BenchDatabase database, long count, int priority) =>
        database.ExecuteAsync(
            $"""
            INSERT INTO eventix_task (uid, task, kwargs, priority, eta)
            SELECT {UidAt("now()")}, '{Touch.Name}', '{Kwargs}', {priority}, now() + interval '30 days' + n * interval '1 ms'
            FROM generate_series(1, {count}) n
            """
        );

    /// <summary>Adds tasks that a worker has done, with their results.</summary>
    public static Task FillFinishedAsync(BenchDatabase database, long count) =>
        database.ExecuteAsync(
            $"""
            INSERT INTO eventix_task (uid, task, kwargs, eta, status, worker_id, result, expires, attempt, revision)
            SELECT {UidAt(Due)}, '{Touch.Name}', '{Kwargs}', {Due},
                'done', 'bench', '{Result}', now() + interval '7 days', 1, 3
            FROM generate_series(1, {count}) n
            """
        );

    /// <summary>A statement that adds tasks which are due as soon as it is committed.</summary>
    public static string Chunk(int count) =>
        $"""
            INSERT INTO eventix_task (uid, task, kwargs, eta)
            SELECT {UidAt("now()")}, '{Touch.Name}', '{Kwargs}', now() + n * interval '1 us'
            FROM generate_series(1, {count}) n
            """;

    /// <exception cref="InvalidOperationException">Not that many tasks ended with their result.</exception>
    public static async Task CheckDoneAsync(BenchDatabase database, long expected)
    {
        var done = await database.ScalarAsync<long>(
            $"SELECT count(*) FROM eventix_task WHERE status = 'done' AND result::text = '{Result}' AND attempt = 1"
        );
        if (done != expected)
            throw new InvalidOperationException($"{done} tasks are done with their result after one attempt, and not {expected}.");
    }
}
