using System.Diagnostics;
using Eventix.Application.Migration;
using Eventix.Infrastructure.Migration.Sources;

namespace Eventix.Infrastructure.Migration;

/// <summary>Takes documents one by one, stores them in batches and keeps the sums.</summary>
/// <param name="command">What was asked for.</param>
/// <param name="report">Of what does not become a task.</param>
/// <param name="store">Of what does.</param>
/// <param name="sums">Of the part that an earlier run has dealt with.</param>
/// <param name="fraction">How much of the source was read.</param>
internal sealed class ImportRun(ImportDump command, ImportReport report, ImportStore store, ImportSummary sums, Func<double?> fraction)
{
    // Documents may have 16 MB each.
    private const int LargestBatchBytes = 8 * 1024 * 1024;

    private readonly Stopwatch _sinceBatch = Stopwatch.StartNew();
    private readonly List<SourceTask> _batch = [];
    private readonly HashSet<string> _uids = new(StringComparer.Ordinal);
    private readonly UnknownFields _unknown = new();
    private ImportSummary _sums = sums;
    private long _readBeforeBatch = sums.Read;
    private LegacyPosition? _position;
    private long _bytes;

    /// <summary>The sums of all documents that have been dealt with.</summary>
    public ImportSummary Summary => _sums;

    public async Task AddAsync(MappedDocument document, CancellationToken cancellationToken)
    {
        if (IsChosen(document))
            Take(document);

        _position = document.Source.Position;
        _bytes += document.Source.Bson.Length;

        // So that no more than a second's documents are stored at once.
        if (_batch.Count >= Math.Min(command.BatchSize, command.Rate ?? int.MaxValue) || _bytes >= LargestBatchBytes)
            await StoreBatchAsync(cancellationToken);
    }

    /// <summary>Stores what is left.</summary>
    /// <param name="atEnd">Whether the source was read to its end.</param>
    /// <param name="cancellationToken">Ends it; nothing of the batch is stored then.</param>
    public async Task FinishAsync(bool atEnd, CancellationToken cancellationToken)
    {
        if (_position is not null)
            await StoreBatchAsync(cancellationToken);
        if (atEnd)
            await store.FinishAsync(cancellationToken);
        if (_unknown.Describe() is { } unknown)
            command.Progress?.Report(new ImportProgress(_sums, fraction(), unknown));
    }

    private bool IsChosen(MappedDocument document) =>
        document.Task is not { } task
        || (
            (command.Since is null || task.UpdatedAt is null || task.UpdatedAt >= command.Since)
            && (command.Namespaces.Count == 0 || command.Namespaces.Contains(task.Task.Namespace))
            && (command.Statuses.Count == 0 || command.Statuses.Contains(task.Task.Status))
        );

    private void Take(MappedDocument document)
    {
        if (document.Task is not { } task)
        {
            report.Add(document.Reason, document.Source);
            _sums = _sums with { Read = _sums.Read + 1, Rejected = _sums.Rejected + 1 };
            return;
        }

        // A collection has each `_id` once; of a file that was put together from several, the first one counts.
        if (!_uids.Add(task.Uid))
        {
            report.Add(ImportReasons.SameId, document.Source);
            _sums = _sums with { Read = _sums.Read + 1, Skipped = _sums.Skipped + 1 };
            return;
        }

        _unknown.Add(task);
        _batch.Add(command.ReleaseLeases ? task.Released() : task);
    }

    private async Task StoreBatchAsync(CancellationToken cancellationToken)
    {
        _sums = await store.StoreAsync(_batch, _position.GetValueOrDefault(), _sums, cancellationToken);

        _batch.Clear();
        _uids.Clear();
        _bytes = 0;
        _position = null;
        command.Progress?.Report(new ImportProgress(_sums, fraction()));
        await KeepRateAsync(cancellationToken);
    }

    private async Task KeepRateAsync(CancellationToken cancellationToken)
    {
        if (command.Rate is not { } rate)
            return;

        // Each batch by itself: time that was lost while the server was busy must not be made good by a burst.
        var ahead = TimeSpan.FromSeconds((double)(_sums.Read - _readBeforeBatch) / rate) - _sinceBatch.Elapsed;
        if (ahead > TimeSpan.Zero)
            await Task.Delay(ahead, cancellationToken);

        _sinceBatch.Restart();
        _readBeforeBatch = _sums.Read;
    }
}

/// <summary>A document and the task that it is, or why it is none.</summary>
internal readonly record struct MappedDocument(LegacyDocument Source, SourceTask? Task, string Reason);
