using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

/// <summary>Sent tasks as the parameters `$1` to `$25` of the statements that store many of them: an array for each column.</summary>
internal static class NewTaskArrays
{
    /// <summary>One row for each task.</summary>
    public const string Rows = """
        unnest(
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
            WITH ORDINALITY AS i (
                uid, revision, version, created_at, unique_key, eta, scheduled, status, priority, namespace, task, args, kwargs, worker_id,
                worker_expires, retry, max_retries, error_eta_inc, error_eta_max, store_result, result, error_expires, result_expires, expires,
                operator, n)
        """;

    /// <summary>The same for statements that use them more than once, `n` being the place of a task from 1.</summary>
    public const string Input = $"input AS MATERIALIZED (SELECT i.* FROM {Rows})";

    /// <summary>What is stored of one of <see cref="Rows"/> in <see cref="NewTaskParameters.Columns"/>; the same as for a single task.</summary>
    public const string Values = """
        i.uid, i.revision, i.version, coalesce(i.created_at, now()), i.unique_key, coalesce(i.eta, now()), coalesce(i.scheduled, now()),
        i.status, i.priority, i.namespace, i.task, i.args::json, i.kwargs::json, i.worker_id,
        coalesce(i.worker_expires, CASE WHEN i.status = 'processing' THEN now() + interval '300 s' END),
        i.retry, i.max_retries, i.error_eta_inc, i.error_eta_max, i.store_result, i.result::json, i.error_expires, i.result_expires, i.expires,
        i.operator
        """;

    public static void Add(NpgsqlParameterCollection parameters, IReadOnlyList<NewTask> tasks)
    {
        const NpgsqlDbType Array = NpgsqlDbType.Array;

        parameters
            .With(Of(tasks, task => task.Uid))
            .With(Of(tasks, task => task.FirstRevisionCounter))
            .With(Of(tasks, task => task.Version))
            .With(Of(tasks, task => task.CreatedAt), Array | NpgsqlDbType.TimestampTz)
            .With(Of(tasks, task => task.UniqueKey), Array | NpgsqlDbType.Text)
            .With(Of(tasks, task => task.Eta), Array | NpgsqlDbType.TimestampTz)
            .With(Of(tasks, task => task.Scheduled), Array | NpgsqlDbType.TimestampTz)
            .With(Of(tasks, task => task.Status.ToText()))
            .With(Of(tasks, task => task.Priority))
            .With(Of(tasks, task => task.Namespace))
            .With(Of(tasks, task => task.Task))
            .With(Of(tasks, task => task.Args.ToArray()), Array | NpgsqlDbType.Text)
            .With(Of(tasks, task => task.Kwargs.ToArray()), Array | NpgsqlDbType.Text)
            .With(Of(tasks, task => task.WorkerId), Array | NpgsqlDbType.Text)
            .With(Of(tasks, task => task.WorkerExpires), Array | NpgsqlDbType.TimestampTz)
            .With(Of(tasks, task => task.Retry))
            .With(Of(tasks, task => task.MaxRetries), Array | NpgsqlDbType.Integer)
            .With(Of(tasks, task => task.ErrorEtaInc))
            .With(Of(tasks, task => task.ErrorEtaMax))
            .With(Of(tasks, task => task.StoreResult))
            .With(Of(tasks, task => task.Result?.ToArray()), Array | NpgsqlDbType.Text)
            .With(Of(tasks, task => task.ErrorExpires), Array | NpgsqlDbType.Integer)
            .With(Of(tasks, task => task.ResultExpires), Array | NpgsqlDbType.Integer)
            .With(Of(tasks, task => task.Expires), Array | NpgsqlDbType.TimestampTz)
            .With(Of(tasks, task => task.Operator), Array | NpgsqlDbType.Text);
    }

    /// <summary>Runs a statement that answers rows with the place `n` of a task, from 1, behind the columns of a task; here places are from 0.</summary>
    public static async Task<List<(int Place, EventixTask Stored)>> ReadAsync(
        NpgsqlCommand command,
        int count,
        CancellationToken cancellationToken
    )
    {
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);

        var stored = new List<(int, EventixTask)>(count);
        while (await rows.ReadAsync(cancellationToken))
            stored.Add(((int)rows.GetInt64(TaskRow.Count) - 1, TaskRow.Read(rows)));

        return stored;
    }

    /// <summary>Runs a statement that answers <see cref="TaskRow.StoredColumns"/> of those that were stored as they were sent.</summary>
    /// <param name="round">With no uid twice.</param>
    public static async Task<List<(int Place, EventixTask Stored)>> ReadStoredAsync(
        NpgsqlCommand command,
        IReadOnlyList<NewTask> round,
        CancellationToken cancellationToken
    )
    {
        var places = new Dictionary<string, int>(round.Count, StringComparer.Ordinal);
        for (var place = 0; place < round.Count; place++)
            places.Add(round[place].Uid, place);

        await using var rows = await command.ExecuteReaderAsync(cancellationToken);

        var stored = new List<(int, EventixTask)>(round.Count);
        while (await rows.ReadAsync(cancellationToken))
        {
            var place = places[rows.GetString(0)];
            stored.Add((place, TaskRow.ReadStored(rows, round[place])));
        }

        return stored;
    }

    private static T[] Of<T>(IReadOnlyList<NewTask> tasks, Func<NewTask, T> column) => [.. tasks.Select(column)];
}
