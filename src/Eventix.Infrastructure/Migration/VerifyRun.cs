using System.Security.Cryptography;
using System.Text;
using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Migration.Sources;
using FluentValidation;

namespace Eventix.Infrastructure.Migration;

/// <summary>One verification. Its memory is a batch of documents, what differs up to a bound, and eight bytes of every uid.</summary>
internal sealed class VerifyRun(VerifyImport command, LegacySource source, VerifyTargets targets, IValidator<NewTask> rules)
{
    private const int BatchSize = 1000;
    private const int LargestBatchBytes = 32 * 1024 * 1024;

    // What differs beyond that is not read a second time: it is not a few tasks that are being written.
    private const int MostSuspects = 10_000;
    private const long MostSuspectBytes = 64 * 1024 * 1024;

    private const int Rereads = 3;

    private readonly TimeSpan _beforeReread = command.RereadAfter ?? TimeSpan.FromMilliseconds(500);

    private readonly VerifyTally _tally = new();
    private readonly HashSet<ulong> _seen = [];
    private readonly List<SourceTask> _batch = [];
    private readonly HashSet<string>? _namespaces = command.Namespaces is { Count: > 0 } some ? new(some, StringComparer.Ordinal) : null;
    private readonly HashSet<EventixTaskStatus>? _statuses = command.Statuses is { Count: > 0 } some ? [.. some] : null;
    private List<Suspect> _suspects = [];
    private long _batchBytes;
    private long _suspectBytes;

    public async Task<VerifySummary> RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var document in source.ReadAsync(after: null, since: null, cancellationToken))
            await AddAsync(document, cancellationToken);

        await CompareBatchAsync(cancellationToken);
        await LookForTasksWithoutDocumentAsync(cancellationToken);
        await RereadAsync(cancellationToken);

        return _tally.Summary;
    }

    private async Task AddAsync(LegacyDocument document, CancellationToken cancellationToken)
    {
        var reason = document.Fault ?? "";
        if (document.Fault is not null || SourceTask.Read(document.Bson, rules, out reason) is not { } task)
        {
            Settle(new VerifyFinding(document.Fault is null ? IdIn(document.Bson) : "", VerifyOutcome.Rejected, [], Reason: reason));
            return;
        }

        // Of a file that was put together from several, the first document of a uid counts, as for the import.
        var isFirst = _seen.Add(Short(task.Uid));
        if (!IsChosen(task))
            return;

        if (!isFirst)
        {
            Settle(new VerifyFinding(task.Uid, VerifyOutcome.Skipped, []));
            return;
        }

        _tally.AddDocument(task.Task.Namespace, task.Task.Status);
        _batch.Add(task);
        _batchBytes += task.Document.Length;
        if (_batch.Count >= BatchSize || _batchBytes >= LargestBatchBytes)
            await CompareBatchAsync(cancellationToken);
    }

    private async Task CompareBatchAsync(CancellationToken cancellationToken)
    {
        if (_batch.Count == 0)
            return;

        var found = await targets.FindAsync([.. _batch.Select(task => task.Uid)], cancellationToken);
        foreach (var task in _batch)
            SettleOrSuspect(new Suspect(VerifyVerdict.Of(task, found[task.Uid]), task));

        _batch.Clear();
        _batchBytes = 0;
        command.Progress?.Report(_tally.Summary);
    }

    /// <summary>Goes over all tasks here: counts them, and finds those that were imported and are in the source no longer.</summary>
    private async Task LookForTasksWithoutDocumentAsync(CancellationToken cancellationToken)
    {
        var tasks = targets.ListAsync(_namespaces?.ToArray(), _statuses?.Select(status => status.ToText()).ToArray(), cancellationToken);
        await foreach (var (uid, ns, status, ledger) in tasks)
        {
            _tally.AddTask(ns, status);
            if (ledger is null or ImportLedgerEntry.Skipped)
                _tally.AddPostedHere();
            else if (!_seen.Contains(Short(uid)))
                SettleOrSuspectGone(uid, status);
        }
    }

    private void SettleOrSuspectGone(string uid, EventixTaskStatus status)
    {
        if (IsFinished(status))
            _tally.AddFinishedAndGone();
        else
            SettleOrSuspect(new Suspect(new VerifyFinding(uid, VerifyOutcome.GoneFromSource, []), Document: null));
    }

    /// <summary>What differs may have been on its way while both were read: it is read again, the document where the source is alive.</summary>
    private async Task RereadAsync(CancellationToken cancellationToken)
    {
        for (var round = 0; round < Rereads && _suspects.Count > 0; round++)
        {
            await Task.Delay(_beforeReread, cancellationToken);

            var again = _suspects;
            _suspects = [];
            _suspectBytes = 0;
            foreach (var chunk in again.Chunk(BatchSize))
                await RereadAsync(chunk, cancellationToken);
        }

        foreach (var suspect in _suspects)
            Settle(suspect.Finding);
    }

    private async Task RereadAsync(Suspect[] suspects, CancellationToken cancellationToken)
    {
        string[] uids = [.. suspects.Select(suspect => suspect.Finding.Uid)];

        // The document first: what is imported between the two looks is then found, not missed.
        var documents = source.CanFind ? await source.FindAsync(uids, cancellationToken) : null;
        var found = await targets.FindAsync(uids, cancellationToken);
        foreach (var suspect in suspects)
        {
            var uid = suspect.Finding.Uid;
            if (documents is null && suspect.Document is { } document)
                SettleOrSuspect(new Suspect(VerifyVerdict.Of(document, found[uid]), document));
            else if (documents is not null && documents.TryGetValue(uid, out var bson))
                JudgeAgain(suspect, bson, found[uid]);
            else
                JudgeWithoutDocument(uid, found[uid]);
        }
    }

    private void JudgeAgain(Suspect suspect, byte[] bson, VerifyTarget target)
    {
        if (SourceTask.Read(bson, rules, out var reason) is not { } task)
        {
            Settle(new VerifyFinding(suspect.Finding.Uid, VerifyOutcome.Rejected, [], Reason: reason));
            return;
        }

        // It was put there behind the reader.
        if (suspect.Document is null)
            _tally.AddDocument(task.Task.Namespace, task.Task.Status);
        SettleOrSuspect(new Suspect(VerifyVerdict.Of(task, target), task));
    }

    /// <summary>A document that is gone is none any longer, so it counts only as what is left of it here.</summary>
    private void JudgeWithoutDocument(string uid, VerifyTarget target)
    {
        if (target is { Row: { } row, Ledger: not (null or ImportLedgerEntry.Skipped) })
            SettleOrSuspectGone(uid, row.Status);
    }

    private void SettleOrSuspect(Suspect suspect)
    {
        var bytes = suspect.Document?.Document.Length ?? 0;
        if (!suspect.Finding.IsDifference || _suspects.Count >= MostSuspects || _suspectBytes + bytes > MostSuspectBytes)
        {
            Settle(suspect.Finding);
            return;
        }

        _suspects.Add(suspect);
        _suspectBytes += bytes;
    }

    private void Settle(VerifyFinding finding)
    {
        _tally.Add(finding.Outcome);
        if (finding.Outcome != VerifyOutcome.Equal)
            command.Findings?.Report(finding);
    }

    private bool IsChosen(SourceTask task) =>
        _namespaces?.Contains(task.Task.Namespace) != false && _statuses?.Contains(task.Task.Status) != false;

    private static bool IsFinished(EventixTaskStatus status) => status is EventixTaskStatus.Done or EventixTaskStatus.Error;

    // Of ten million uids the chance that any two share these 64 bits is 1 in 370,000, and then one task that is gone from the source may not be
    // named. The uids themselves would take ten times the memory.
    private static ulong Short(string uid) => BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(uid)));

    private static string IdIn(byte[] document)
    {
        try
        {
            var fields = new DocumentFields(document);
            return fields.Text(LegacyField.Id) ?? "";
        }
        catch (FormatException)
        {
            return "";
        }
    }

    /// <param name="Finding">What it looked like the last time.</param>
    /// <param name="Document">Null for a task without one.</param>
    private sealed record Suspect(VerifyFinding Finding, SourceTask? Document);
}
