using System.Text;
using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;
using FluentValidation;
using MediatR;
using Npgsql;
using NpgsqlTypes;

namespace Eventix.Infrastructure.Tasks;

internal sealed class PutTasksHandler(
    NpgsqlDataSource database,
    IValidator<NewTask> validator,
    TaskPuts puts,
    TaskPut put,
    WaitingTasks waiting
) : IRequestHandler<PutTasks, IReadOnlyList<TaskAnswer>>
{
    private const string SelectStored = $"""
        SELECT {TaskRow.Columns}, i.n
        FROM eventix_task t JOIN unnest($1) WITH ORDINALITY AS i (uid, n) ON i.uid = t.uid
        """;

    public Task<IReadOnlyList<TaskAnswer>> Handle(PutTasks command, CancellationToken cancellationToken) =>
        TaskBatch.RunAsync(
            command.Tasks,
            validator,
            async (batch, chunk) =>
            {
                // Each round by itself: unlike posts, write-backs are safe to send again.
                foreach (var round in batch.Rounds(chunk))
                    await WriteAsync(batch, round, cancellationToken);
            }
        );

    private async Task WriteAsync(TaskBatch batch, int[] round, CancellationToken cancellationToken)
    {
        try
        {
            var written = await StatementRetry.RunAsync(
                () => puts.ReplaceOrCreateAsync(batch[round], cancellationToken),
                EventixTaskConfiguration.UniqueKeyIndex
            );
            foreach (var (place, task) in written)
                batch.Answer(round[place], task);
            waiting.Tell(written.ConvertAll(item => item.Stored));

            await AnswerUnwrittenAsync(batch, [.. round.Except(written.Select(item => round[item.Place]))], cancellationToken);
        }
        catch (PostgresException taken) when (taken.ConstraintName == EventixTaskConfiguration.UniqueKeyIndex)
        {
            // Some task would be a second waiting one of its key. Only those that would hold a key are decided one by one.
            var keyed = round.Where(index => batch[index].UniqueKey is not null && batch[index].Status.IsWaiting()).ToArray();
            if (keyed.Length < round.Length)
                await WriteAsync(batch, [.. round.Except(keyed)], cancellationToken);
            await WriteApartAsync(batch, keyed, cancellationToken);
        }
        catch (PostgresException refused) when (refused.IsAboutTheData())
        {
            await WriteApartAsync(batch, round, cancellationToken);
        }
    }

    private async Task WriteApartAsync(TaskBatch batch, int[] indexes, CancellationToken cancellationToken)
    {
        foreach (var index in indexes)
        {
            try
            {
                batch.Answer(index, await put.PutAsync(batch[index], cancellationToken));
            }
            catch (DomainException rule)
            {
                var current = await SelectAsync(batch, [index], cancellationToken);
                if (current is [(_, var stored)] && IsWritten(batch[index], stored))
                    batch.Answer(index, stored);
                else
                    batch.Refuse(index, rule);
            }
            catch (PostgresException refused) when (refused.IsAboutTheData())
            {
                batch.Refuse(index, refused);
            }
        }
    }

    /// <summary>Tasks whose stored revision is another one. They were sent before, or are outdated.</summary>
    private async Task AnswerUnwrittenAsync(TaskBatch batch, int[] unwritten, CancellationToken cancellationToken)
    {
        if (unwritten.Length == 0)
            return;

        var current = await SelectAsync(batch, unwritten, cancellationToken);
        foreach (var (index, stored) in current)
        {
            if (IsWritten(batch[index], stored))
                batch.Answer(index, stored);
            else if (stored.WireRevision != batch[index].Revision)
                batch.Refuse(index, DomainException.RevisionConflict(stored.WireRevision));
            else
                await WriteApartAsync(batch, [index], cancellationToken);
        }

        // Deleted between the two looks: then they are created.
        await WriteApartAsync(batch, [.. unwritten.Except(current.Select(item => item.Index))], cancellationToken);
    }

    private async Task<List<(int Index, EventixTask Stored)>> SelectAsync(
        TaskBatch batch,
        int[] indexes,
        CancellationToken cancellationToken
    )
    {
        await using var command = database.CreateCommand(SelectStored);
        command.Parameters.With<string[]>([.. indexes.Select(index => batch[index].Uid)]);

        return
        [
            .. (await NewTaskArrays.ReadAsync(command, indexes.Length, cancellationToken)).Select(item =>
                (indexes[item.Place], item.Stored)
            ),
        ];
    }

    /// <summary>Whether what is stored is what this very write-back left there: the next revision, and every value that was sent.</summary>
    private static bool IsWritten(NewTask sent, EventixTask stored) =>
        stored.RevisionCounter == sent.FirstRevisionCounter
        && (
            IsSuperseded(sent, stored)
            || (
                (stored.Status, stored.Version, stored.UniqueKey, stored.Priority, stored.Namespace, stored.Task, stored.WorkerId)
                    == (sent.Status, sent.Version, sent.UniqueKey, sent.Priority, sent.Namespace, sent.Task, sent.WorkerId)
                && (stored.Retry, stored.MaxRetries, stored.ErrorEtaInc, stored.ErrorEtaMax, stored.StoreResult)
                    == (sent.Retry, sent.MaxRetries, sent.ErrorEtaInc, sent.ErrorEtaMax, sent.StoreResult)
                && (stored.ErrorExpires, stored.ResultExpires, stored.Expires, stored.Operator)
                    == (sent.ErrorExpires, sent.ResultExpires, sent.Expires, sent.Operator)
                && (sent.CreatedAt ?? stored.CreatedAt, sent.Eta ?? stored.Eta, sent.Scheduled ?? stored.Scheduled)
                    == (stored.CreatedAt, stored.Eta, stored.Scheduled)
                && (
                    sent.WorkerExpires == stored.WorkerExpires
                    || (sent.WorkerExpires is null && sent.Status is EventixTaskStatus.Processing)
                )
                && stored.Args.Span.SequenceEqual(sent.Args.Span)
                && stored.Kwargs.Span.SequenceEqual(sent.Kwargs.Span)
                && AreEqual(stored.Result, sent.Result)
            )
        );

    private static bool IsSuperseded(NewTask sent, EventixTask stored)
    {
        if (!sent.Status.IsWaiting() || stored.Status != EventixTaskStatus.Error || stored.UniqueKey != sent.UniqueKey)
            return false;

        var outcome = sent.Result is { } result ? Encoding.UTF8.GetString(result.Span) : "null";
        return AreEqual(stored.Result, Encoding.UTF8.GetBytes(SupersededTask.ErrorAround(outcome)));
    }

    private static bool AreEqual(ReadOnlyMemory<byte>? one, ReadOnlyMemory<byte>? other) =>
        one.HasValue == other.HasValue && one.GetValueOrDefault().Span.SequenceEqual(other.GetValueOrDefault().Span);
}
