using System.Runtime.ExceptionServices;
using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using Eventix.Infrastructure.Migration.Sources;
using FluentValidation;
using MediatR;
using Npgsql;

namespace Eventix.Infrastructure.Migration;

internal sealed class ImportDumpHandler(NpgsqlDataSource database, IValidator<NewTask> rules) : IRequestHandler<ImportDump, ImportSummary>
{
    private const string ReadClock = "SELECT now()";
    private const string Analyze = "ANALYZE eventix_task";

    public async Task<ImportSummary> Handle(ImportDump command, CancellationToken cancellationToken)
    {
        await using var dump = new FileStream(
            command.File,
            FileMode.Open,
            FileAccess.Read,
            FileShare.Read,
            bufferSize: 1 << 20,
            useAsync: true
        );
        await using var rejects = new RejectsFile(command.RejectsFile);
        var store = new ImportStore(database, rejects, command.Force, await ReadClockAsync(cancellationToken));
        var run = new ImportRun(command, rules, rejects, store);

        ExceptionDispatchInfo? damage = null;
        try
        {
            await foreach (var document in BsonDump.ReadAsync(dump, offset: 0, cancellationToken))
                await run.AddAsync(document.Bson, cancellationToken);
        }
        catch (CorruptDumpException breaksOff)
        {
            // What stands before the damage is worth as much as ever.
            damage = ExceptionDispatchInfo.Capture(breaksOff);
        }

        await run.FinishAsync(cancellationToken);
        if (run.Summary.Imported > 0)
            await AnalyzeAsync(cancellationToken);

        damage?.Throw();
        return run.Summary;
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
