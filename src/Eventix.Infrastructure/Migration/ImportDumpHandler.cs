using System.Globalization;
using System.Runtime.ExceptionServices;
using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Migration.Sources;
using FluentValidation;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Migration;

internal sealed class ImportDumpHandler(NpgsqlDataSource database, IValidator<NewTask> rules) : IRequestHandler<ImportDump, ImportSummary>
{
    private const string ReadClock = "SELECT now()";
    private const string Analyze = "ANALYZE eventix_task";

    private static readonly ImportSummary Nothing = new(0, 0, 0, 0, 0);

    public async Task<ImportSummary> Handle(ImportDump command, CancellationToken cancellationToken)
    {
        await using var source = await LegacySources.OpenAsync(command.From, cancellationToken);
        var name = Name(source, command);
        var brokenOff = await FindBrokenOffAsync(command, name, source.Version, cancellationToken);
        var startedAt = brokenOff?.StartedAt ?? await ReadClockAsync(cancellationToken);

        await using var report = new ImportReport(command.ReportFile, brokenOff?.ReportLength ?? 0);
        await using var connections = command.DryRun
            ? await DryRunConnection.OpenAsync(database, cancellationToken)
            : (ImportConnections)new PooledConnections(database);
        var store = new ImportStore(
            connections,
            report,
            command,
            new ImportCheckpoints(database, name, source.Version, startedAt),
            new ImportLedger(startedAt),
            rules
        );
        var run = new ImportRun(command, report, store, Sums(brokenOff), () => source.Progress);
        TellAbout(brokenOff, report, command);

        await ReadAsync(run, source.ReadAsync(brokenOff?.Position, command.Since, cancellationToken), cancellationToken);
        if (run.Summary.Imported > 0 && !command.DryRun)
            await AnalyzeAsync(cancellationToken);

        return run.Summary;
    }

    private async Task ReadAsync(ImportRun run, IAsyncEnumerable<LegacyDocument> documents, CancellationToken cancellationToken)
    {
        ExceptionDispatchInfo? failure = null;
        try
        {
            await foreach (var document in ImportPipeline.MapAsync(documents, rules, cancellationToken))
                await run.AddAsync(document, cancellationToken);
        }
        catch (Exception breaksOff) when (breaksOff is CorruptDumpException or SourceException)
        {
            // What was read before is worth as much as ever.
            failure = ExceptionDispatchInfo.Capture(breaksOff);
        }

        await run.FinishAsync(atEnd: failure is null, cancellationToken);
        failure?.Throw();
    }

    /// <summary>Another choice of the same source is another import.</summary>
    private static string Name(LegacySource source, ImportDump command)
    {
        List<string> chosen = [];
        if (command.Since is { } since)
            chosen.Add("since " + since.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        if (command.Namespaces.Count > 0)
            chosen.Add("namespaces " + string.Join(", ", command.Namespaces.Order(StringComparer.Ordinal)));
        if (command.Statuses.Count > 0)
            chosen.Add("statuses " + string.Join(", ", command.Statuses.Order().Select(status => status.ToText())));

        return chosen.Count == 0 ? source.Name : $"{source.Name} ({string.Join("; ", chosen)})";
    }

    private async Task<ImportCheckpoint?> FindBrokenOffAsync(
        ImportDump command,
        string name,
        string version,
        CancellationToken cancellationToken
    )
    {
        if (command.DryRun || command.Restart || command.Force)
            return null;

        return await ImportCheckpoints.FindAsync(database, name, cancellationToken) is { } found && found.Version == version ? found : null;
    }

    private static ImportSummary Sums(ImportCheckpoint? brokenOff) =>
        brokenOff is null
            ? Nothing
            : new ImportSummary(brokenOff.Read, brokenOff.Imported, brokenOff.Merged, brokenOff.Skipped, brokenOff.Rejected);

    private static void TellAbout(ImportCheckpoint? brokenOff, ImportReport report, ImportDump command)
    {
        if (brokenOff is null)
            return;

        var sums = Sums(brokenOff);
        command.Progress?.Report(
            new ImportProgress(sums, Fraction: null, $"An import of this source broke off after {sums.Read} documents: it goes on there.")
        );
        if (report.IsPartMissing)
            command.Progress?.Report(
                new ImportProgress(
                    sums,
                    Fraction: null,
                    $"{command.ReportFile} does not have what that import had reported: look for its file."
                )
            );
    }

    private async Task<DateTimeOffset> ReadClockAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(ReadClock);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);

        return row.GetFieldValue<DateTimeOffset>(0);
    }

    private async Task AnalyzeAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Analyze);

        // It waits while somebody else analyses or vacuums.
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
