using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

internal sealed class PostTaskHandler(TaskPosts posts) : IRequestHandler<PostTask, EventixTask>
{
    public Task<EventixTask> Handle(PostTask command, CancellationToken cancellationToken) =>
        posts.PostAsync(command.Task, cancellationToken);
}

/// <summary>Stores posted tasks: one that comes alone by itself, and those that come at the same time together.</summary>
internal sealed class TaskPosts
{
    // A task without a key never meets the unique index, nor does one that does not wait: a post of a finished task merges into nothing.
    internal const string Insert = $"""
        INSERT INTO eventix_task AS t ({NewTaskParameters.Columns})
        VALUES ({NewTaskParameters.Values})
        ON CONFLICT (uid) DO NOTHING
        RETURNING {TaskRow.Columns}
        """;

    // Inserted or merged in one statement: there is no moment between looking and inserting. The pre-check keeps a uid that is in use from
    // failing the statement, unless the post merges anyway; when it loses a race with a post of the same uid, the second run sees that row.
    private const string InsertOrMerge = $"""
        INSERT INTO eventix_task AS t ({NewTaskParameters.Columns})
        SELECT {NewTaskParameters.Values}
        WHERE NOT EXISTS (SELECT FROM eventix_task o WHERE o.uid = $1)
           OR EXISTS (
                SELECT FROM eventix_task w
                WHERE w.namespace = $10 AND w.unique_key = $5 AND w.status IN ('scheduled', 'retry'))
        ON CONFLICT (namespace, unique_key) WHERE unique_key IS NOT NULL AND status IN ('scheduled', 'retry')
        DO UPDATE SET {MergedTask.Assignments}
        RETURNING {TaskRow.Columns}
        """;

    // The same for many. A uid that is in use answers no row, and its neighbours go through.
    internal const string InsertMany = $"""
        INSERT INTO eventix_task AS t ({NewTaskParameters.Columns})
        SELECT {NewTaskArrays.Values}
        FROM {NewTaskArrays.Rows}
        ORDER BY i.uid
        ON CONFLICT (uid) DO NOTHING
        RETURNING {TaskRow.StoredColumns}
        """;

    private const string InsertOrMergeMany = $"""
        WITH {NewTaskArrays.Input}, plain AS (
            INSERT INTO eventix_task AS t ({NewTaskParameters.Columns})
            SELECT {NewTaskArrays.Values}
            FROM input i
            WHERE i.unique_key IS NULL OR i.status NOT IN ('scheduled', 'retry')
            ORDER BY i.uid
            ON CONFLICT (uid) DO NOTHING
            RETURNING t.*
        ), keyed AS (
            INSERT INTO eventix_task AS t ({NewTaskParameters.Columns})
            SELECT {NewTaskArrays.Values}
            FROM input i
            WHERE i.unique_key IS NOT NULL AND i.status IN ('scheduled', 'retry')
              AND (NOT EXISTS (SELECT FROM eventix_task o WHERE o.uid = i.uid)
                OR EXISTS (
                    SELECT FROM eventix_task w
                    WHERE w.namespace = i.namespace AND w.unique_key = i.unique_key AND w.status IN ('scheduled', 'retry')))
            ORDER BY i.namespace, i.unique_key
            ON CONFLICT (namespace, unique_key) WHERE unique_key IS NOT NULL AND status IN ('scheduled', 'retry')
            DO UPDATE SET {MergedTask.Assignments}
            RETURNING t.*
        )
        SELECT {TaskRow.Columns}, i.n
        FROM plain t JOIN input i ON i.uid = t.uid
        UNION ALL
        SELECT {TaskRow.Columns}, i.n
        FROM keyed t JOIN input i ON i.namespace = t.namespace AND i.unique_key = t.unique_key AND i.status IN ('scheduled', 'retry')
        """;

    private readonly NpgsqlDataSource _database;
    private readonly WaitingTasks _waiting;
    private readonly ArrivalNotifier _notifier;
    private readonly TimeProvider _clock;
    private readonly Coalescer<NewTask, EventixTask> _coalescer;

    public TaskPosts(NpgsqlDataSource database, WaitingTasks waiting, ArrivalNotifier notifier, TimeProvider clock)
    {
        (_database, _waiting, _notifier, _clock) = (database, waiting, notifier, clock);
        _coalescer = NewTaskRounds.Coalesce(PostTogetherAsync);
    }

    /// <summary>Stores the task, or merges it into the waiting one of its key, and answers what is stored then.</summary>
    /// <exception cref="DomainException">`AlreadyExists`: its uid is in use.</exception>
    public Task<EventixTask> PostAsync(NewTask task, CancellationToken cancellationToken) => _coalescer.SendAsync(task, cancellationToken);

    /// <summary>Stores tasks of one round; answers those whose uid was free or that merged, by their place in it.</summary>
    public static async Task<List<(int Place, EventixTask Stored)>> StoreAsync(
        NpgsqlCommand command,
        IReadOnlyList<NewTask> round,
        CancellationToken cancellationToken
    )
    {
        NewTaskArrays.Add(command.Parameters, round);
        if (round.Any(NewTaskRounds.HoldsKey))
        {
            command.CommandText = InsertOrMergeMany;
            return await NewTaskArrays.ReadAsync(command, round.Count, cancellationToken);
        }

        command.CommandText = InsertMany;
        return await NewTaskArrays.ReadStoredAsync(command, round, cancellationToken);
    }

    private async Task PostTogetherAsync(IReadOnlyList<Coalesced<NewTask, EventixTask>> posts)
    {
        if (posts is [var single])
        {
            await PostAloneAsync(single);
            return;
        }

        var rounds = NewTaskRounds.Of(posts);
        await PostRoundAsync(rounds[0]);

        // Not in the lane: however many posts of one key come at once, those of other keys do not wait for them.
        if (rounds.Count > 1)
            _ = PostRoundsAsync(rounds.Skip(1));
    }

    private async Task PostRoundsAsync(IEnumerable<Coalesced<NewTask, EventixTask>[]> rounds)
    {
        foreach (var round in rounds)
        {
            await PostRoundAsync(round);
            Coalesced<NewTask, EventixTask>.Deliver(round);
        }
    }

    private async Task PostRoundAsync(Coalesced<NewTask, EventixTask>[] round)
    {
        NewTask[] tasks = [.. round.Select(post => post.Request)];
        try
        {
            var stored = await StatementRetry.RunAsync(async () =>
            {
                await using var command = _database.CreateCommand();
                return await StoreAsync(command, tasks, CancellationToken.None);
            });

            _waiting.Tell(stored.ConvertAll(item => item.Stored));
            foreach (var (place, task) in stored)
                round[place].Answer(task);
            foreach (var post in round)
                post.Fail(DomainException.AlreadyExists(post.Request.Uid));
        }
        catch (PostgresException refused) when (refused.IsAboutTheData())
        {
            // Nothing of the round was stored. Each goes alone, and only the one that PostgreSQL does not take is refused.
            foreach (var post in round)
                await PostAloneAsync(post);
        }
        catch (Exception failed)
        {
            foreach (var post in round)
                post.Fail(failed);
        }
    }

    private async Task PostAloneAsync(Coalesced<NewTask, EventixTask> post)
    {
        try
        {
            var (stored, othersKnow) = await StatementRetry.RunAsync(() => StoreAsync(post.Request));
            if (stored is null)
                throw DomainException.AlreadyExists(post.Request.Uid);

            _waiting.Tell(stored, othersKnow);
            post.Answer(stored);
        }
        catch (Exception failed)
        {
            post.Fail(failed);
        }
    }

    private async Task<(EventixTask? Stored, bool OthersKnow)> StoreAsync(NewTask task)
    {
        var insert = new NpgsqlBatchCommand(NewTaskRounds.HoldsKey(task) ? InsertOrMerge : Insert);
        NewTaskParameters.Add(insert.Parameters, task);

        // With a barrier between them each is a transaction, and the second one is sent without waiting for the first.
        await using var batch = _database.CreateBatch();
        batch.EnableErrorBarriers = true;
        batch.BatchCommands.Add(insert);

        var isDue = task.Status.IsWaiting() && (task.Eta is not { } eta || eta <= _clock.GetUtcNow());
        var notify = isDue ? _notifier.TryTell(task.Namespace) : null;
        if (notify is not null)
            batch.BatchCommands.Add(notify);

        EventixTask? stored = null;
        try
        {
            await using var row = await batch.ExecuteReaderAsync(CancellationToken.None);
            stored = await row.ReadAsync(CancellationToken.None) ? TaskRow.Read(row) : null;

            // A full queue of notifications fails the commit, behind the last row.
            while (await row.NextResultAsync(CancellationToken.None)) { }

            return (stored, notify is not null);
        }
        catch (PostgresException failed) when (notify is not null && failed.BatchCommand == notify)
        {
            // The task is committed by then. The notifier tries again apart from posts, and it is the one that warns the operator. (A connection
            // that breaks between the two commits stays a failure: the client that posts the same uid again learns that it is stored.)
            return (stored, false);
        }
        catch (NpgsqlException failed) when (failed.InnerException is AggregateException both)
        {
            // Nothing was stored and nobody told: the post failed with what its own statement failed with.
            throw both.InnerExceptions.OfType<PostgresException>().First(own => own.BatchCommand == insert);
        }
    }
}
