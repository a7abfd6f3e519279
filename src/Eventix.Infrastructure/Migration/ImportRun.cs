using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using FluentValidation;
using Npgsql;

namespace Eventix.Infrastructure.Migration;

/// <summary>Takes documents one by one, stores them in batches and keeps the sums.</summary>
internal sealed class ImportRun(ImportDump command, IValidator<NewTask> rules, RejectsFile rejects, ImportStore store)
{
    // Documents may have 16 MB each.
    private const int LargestBatchBytes = 32 * 1024 * 1024;

    private readonly List<SourceTask> _batch = [];
    private readonly HashSet<string> _uids = new(StringComparer.Ordinal);
    private long _bytes;
    private long _read;
    private long _imported;
    private long _merged;
    private long _skipped;
    private long _rejected;

    /// <summary>The sums of all documents that have been dealt with.</summary>
    public ImportSummary Summary => new(_read, _imported, _merged, _skipped, _rejected);

    public async Task AddAsync(byte[] document, CancellationToken cancellationToken)
    {
        var task = SourceTask.Read(document, rules, out var reason);
        if (task is null)
        {
            Reject(reason, document);
            return;
        }

        // A collection has each `_id` once; of a file that was put together from several, the first one counts.
        if (!_uids.Add(task.Uid))
        {
            _read++;
            _skipped++;
            return;
        }

        _batch.Add(task);
        _bytes += document.Length;
        if (_batch.Count >= command.BatchSize || _bytes >= LargestBatchBytes)
            await StoreBatchAsync(cancellationToken);
    }

    /// <summary>Stores what is left.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (_batch.Count > 0)
            await StoreBatchAsync(cancellationToken);

        await rejects.FlushAsync(cancellationToken);
    }

    private async Task StoreBatchAsync(CancellationToken cancellationToken)
    {
        await StoreAsync(_batch, cancellationToken);
        await rejects.FlushAsync(cancellationToken);

        _batch.Clear();
        _uids.Clear();
        _bytes = 0;
        command.Progress?.Report(Summary);
    }

    /// <summary>Stores the tasks. One that the database refuses for what it holds must not keep the others out: it is found by halving.</summary>
    private async Task StoreAsync(List<SourceTask> tasks, CancellationToken cancellationToken)
    {
        try
        {
            var stored = await store.StoreAsync(tasks, cancellationToken);
            _read += tasks.Count;
            _imported += stored.Imported;
            _merged += stored.Merged;
            _skipped += stored.Skipped;
        }
        catch (PostgresException fault) when (IsFaultOfData(fault))
        {
            if (tasks.Count == 1)
            {
                Reject($"PostgreSQL refuses it: {fault.MessageText}.", tasks[0].Document);
                return;
            }

            var half = tasks.Count / 2;
            await StoreAsync(tasks[..half], cancellationToken);
            await StoreAsync(tasks[half..], cancellationToken);
        }
    }

    private void Reject(string reason, byte[] document)
    {
        _read++;
        _rejected++;
        rejects.Add(reason, document);
    }

    /// <summary>A value that a column, a constraint or an index cannot hold: classes 22 and 54, and constraints other than unique ones.</summary>
    private static bool IsFaultOfData(PostgresException fault) =>
        fault.SqlState.StartsWith("22", StringComparison.Ordinal)
        || fault.SqlState.StartsWith("54", StringComparison.Ordinal)
        || fault.SqlState is PostgresErrorCodes.CheckViolation or PostgresErrorCodes.NotNullViolation;
}
