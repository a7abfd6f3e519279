using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

internal sealed class PutTaskHandler(TaskPuts puts) : IRequestHandler<PutTask, EventixTask>
{
    public Task<EventixTask> Handle(PutTask command, CancellationToken cancellationToken) => puts.PutAsync(command.Task, cancellationToken);
}

/// <summary>Stores tasks that are put: one that comes alone by itself, and those that come at the same time together.</summary>
internal sealed class TaskPuts
{
    // Each takes a connection, and the pool is everybody's.
    private const int MostApart = 4;

    // What was replaced is not looked up once more.
    private const string ReplaceOrCreate = $"""
        WITH {NewTaskArrays.Input}, fence AS MATERIALIZED (
            SELECT f.* FROM unnest($26, $27, $28) WITH ORDINALITY AS f (sent, incarnation, counter, n)
        ), replaced AS (
            UPDATE eventix_task t
            SET ({NewTaskParameters.Columns}) = ROW ({NewTaskArrays.Values}),
                imported_revision = NULL,
                cancel_requested_at = CASE WHEN i.status = 'processing' THEN t.cancel_requested_at END,
                updated_at = now()
            FROM input i JOIN fence f ON f.n = i.n
            WHERE t.uid = i.uid
              AND (t.imported_revision = f.sent OR t.imported_revision IS NULL AND t.id = f.incarnation AND t.revision = f.counter)
            RETURNING {TaskRow.StoredColumns}
        ), created AS (
            INSERT INTO eventix_task AS t ({NewTaskParameters.Columns})
            SELECT {NewTaskArrays.Values}
            FROM (SELECT * FROM input WHERE uid NOT IN (SELECT uid FROM replaced)) i
            WHERE NOT EXISTS (SELECT FROM eventix_task o WHERE o.uid = i.uid)
            ORDER BY i.uid
            ON CONFLICT (uid) DO NOTHING
            RETURNING {TaskRow.StoredColumns}
        )
        SELECT * FROM replaced UNION ALL SELECT * FROM created
        """;

    private readonly NpgsqlDataSource _database;
    private readonly TaskPut _put;
    private readonly WaitingTasks _waiting;
    private readonly Coalescer<NewTask, EventixTask> _coalescer;

    public TaskPuts(NpgsqlDataSource database, TaskPut put, WaitingTasks waiting)
    {
        (_database, _put, _waiting) = (database, put, waiting);
        _coalescer = NewTaskRounds.Coalesce(PutTogetherAsync);
    }

    /// <inheritdoc cref="TaskPut.PutAsync"/>
    public Task<EventixTask> PutAsync(NewTask task, CancellationToken cancellationToken) => _coalescer.SendAsync(task, cancellationToken);

    /// <summary>
    /// Replaces those tasks of one round that are stored under the revision that was sent, and creates those that are not stored. Answers them by
    /// their place; the others are left as they are.
    /// </summary>
    public async Task<List<(int Place, EventixTask Stored)>> ReplaceOrCreateAsync(
        IReadOnlyList<NewTask> round,
        CancellationToken cancellationToken
    )
    {
        Revision?[] fences = [.. round.Select(task => task.Revision is { } sent ? Revision.Parse(sent) : null)];

        await using var command = _database.CreateCommand(ReplaceOrCreate);
        NewTaskArrays.Add(command.Parameters, round);
        command
            .Parameters.With<string?[]>([.. round.Select(task => task.Revision)], NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With<long?[]>([.. fences.Select(fence => fence?.Incarnation)], NpgsqlDbType.Array | NpgsqlDbType.Bigint)
            .With<long?[]>([.. fences.Select(fence => fence?.Counter)], NpgsqlDbType.Array | NpgsqlDbType.Bigint);

        return await NewTaskArrays.ReadStoredAsync(command, round, cancellationToken);
    }

    private async Task PutTogetherAsync(IReadOnlyList<Coalesced<NewTask, EventixTask>> puts)
    {
        if (puts is [var single])
        {
            await PutAloneAsync(single);
            return;
        }

        var rounds = NewTaskRounds.Of(puts);
        var left = await PutRoundAsync(rounds[0]);

        // Not in the lane: what needs a second look, and what must not go together with another one, keeps nobody else waiting.
        _ = PutApartAsync([.. left, .. rounds.Skip(1).SelectMany(round => round)]);
    }

    /// <summary>Answers what could be written at once; returns the rest.</summary>
    private async Task<IReadOnlyList<Coalesced<NewTask, EventixTask>>> PutRoundAsync(IReadOnlyList<Coalesced<NewTask, EventixTask>> round)
    {
        try
        {
            var written = await ReplaceOrCreateAsync([.. round.Select(put => put.Request)], CancellationToken.None);

            _waiting.Tell(written.ConvertAll(item => item.Stored));
            foreach (var (place, task) in written)
                round[place].Answer(task);

            return [.. round.Where(put => !put.IsAnswered)];
        }
        catch (PostgresException taken) when (taken.ConstraintName == EventixTaskConfiguration.UniqueKeyIndex)
        {
            // Some task would be a second waiting one of its key. Only those that would hold a key are decided one by one.
            var holders = round.Where(put => NewTaskRounds.HoldsKey(put.Request)).ToList();
            return holders.Count == round.Count ? round : [.. holders, .. await PutRoundAsync([.. round.Except(holders)])];
        }
        catch (PostgresException refused) when (refused.IsAboutTheData() || refused.SqlState == PostgresErrorCodes.DeadlockDetected)
        {
            // Nothing of the round was written. Each goes alone, and only the one that PostgreSQL does not take is refused.
            return round;
        }
    }

    private Task PutApartAsync(IReadOnlyList<Coalesced<NewTask, EventixTask>> puts) =>
        Parallel.ForEachAsync(
            puts,
            new ParallelOptions { MaxDegreeOfParallelism = MostApart },
            async (put, _) =>
            {
                await PutAloneAsync(put);
                Coalesced<NewTask, EventixTask>.Deliver([put]);
            }
        );

    private async Task PutAloneAsync(Coalesced<NewTask, EventixTask> put)
    {
        try
        {
            put.Answer(await _put.PutAsync(put.Request, CancellationToken.None));
        }
        catch (Exception failed)
        {
            put.Fail(failed);
        }
    }
}
