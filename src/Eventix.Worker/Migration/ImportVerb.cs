using System.CommandLine;
using System.Diagnostics;
using Eventix.Application.Migration;
using Eventix.Infrastructure.Configuration;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eventix.Worker.Migration;

/// <summary>`import`: 0 when the file was read to its end, 1 when it is damaged or the database failed, 2 when a path is wrong.</summary>
internal static class ImportVerb
{
    private const int Failed = 1;

    public static Command Create()
    {
        var dump = new Option<FileInfo>("--dump")
        {
            Description = "The `task.bson` that mongodump has written (unpacked; `--archive` is another format).",
            HelpName = "FILE.bson",
            Required = true,
        };
        var rejects = new Option<FileInfo?>("--rejects")
        {
            Description =
                "Where documents go that do not become tasks, with the reason, one JSON object a line; FILE.rejects.ndjson in the working folder "
                + "unless given. Overwritten: another run of the same dump writes the same again. Not touched when there is nothing to say.",
            HelpName = "FILE.ndjson",
        };
        var batchSize = new Option<int>("--batch-size")
        {
            Description = $"Documents per transaction, 1 to {ImportDump.LargestBatch}.",
            HelpName = "N",
            DefaultValueFactory = _ => 1000,
        };
        batchSize.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<int>() is < 1 or > ImportDump.LargestBatch)
                given.AddError($"--batch-size is a number from 1 to {ImportDump.LargestBatch}.");
        });
        var force = new Option<bool>("--force")
        {
            Description =
                "Also create tasks again that an earlier import has stored or merged and that are gone since: they will run again.",
        };
        var verb = new Command(
            "import",
            "Loads a MongoDB dump of the old server and ends. The last line of the output counts what became of the documents. A second run skips what "
                + "an earlier one has dealt with."
        )
        {
            dump,
            rejects,
            batchSize,
            force,
        };

        verb.SetAction(
            (given, cancellationToken) =>
            {
                var file = given.GetRequiredValue(dump);
                var report = given.GetValue(rejects) ?? new FileInfo(Path.GetFileNameWithoutExtension(file.Name) + ".rejects.ndjson");
                var command = new ImportDump(
                    file.FullName,
                    report.FullName,
                    given.GetValue(batchSize),
                    given.GetValue(force),
                    new ProgressLines()
                );

                return RunAsync(command, cancellationToken);
            }
        );

        return verb;
    }

    private static async Task<int> RunAsync(ImportDump command, CancellationToken cancellationToken)
    {
        if (WrongPath(command) is { } mistake)
        {
            await Console.Error.WriteLineAsync(mistake);
            return HostStart.Misconfigured;
        }

        var outcome = HostStart.Success;
        var started = await WorkerHost.RunVerbAsync(
            async (services, token) => outcome = await ImportAsync(services.GetRequiredService<IMediator>(), command, token),
            cancellationToken
        );

        return started == HostStart.Success ? outcome : started;
    }

    private static async Task<int> ImportAsync(IMediator mediator, ImportDump command, CancellationToken cancellationToken)
    {
        try
        {
            var sums = await mediator.Send(command, cancellationToken);
            if (sums.Rejected + sums.Merged > 0)
                await Console.Error.WriteLineAsync(
                    $"{command.RejectsFile} has the documents that did not become tasks, each with its reason."
                );

            await Console.Out.WriteLineAsync(
                $$"""{"read":{{sums.Read}},"imported":{{sums.Imported}},"merged":{{sums.Merged}},"skipped":{{sums.Skipped}},"rejected":{{sums.Rejected}}}"""
            );
            return HostStart.Success;
        }
        catch (CorruptDumpException damage)
        {
            await Console.Error.WriteLineAsync(damage.Message);
            return Failed;
        }
        catch (NpgsqlException failure)
        {
            await Console.Error.WriteLineAsync(
                $"The database failed: {failure.Message} What was stored stays; run the import again to go on."
            );
            return Failed;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return HostStart.Misconfigured;
        }
    }

    private static string? WrongPath(ImportDump command)
    {
        if (Directory.Exists(command.File))
            return $"--dump {command.File} is a folder: name the .bson file in it.";

        if (!File.Exists(command.File))
            return $"--dump {command.File} does not exist.";

        if (!Directory.Exists(Path.GetDirectoryName(command.RejectsFile)))
            return $"--rejects {command.RejectsFile}: there is no such folder.";

        return string.Equals(command.File, command.RejectsFile, StringComparison.Ordinal)
            ? $"--rejects {command.RejectsFile} is the dump itself."
            : null;
    }

    /// <summary>A line on standard error every few seconds, so that a long run is seen to go on.</summary>
    private sealed class ProgressLines : IProgress<ImportSummary>
    {
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

        private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

        public void Report(ImportSummary value)
        {
            if (_sinceLast.Elapsed < Pause)
                return;

            _sinceLast.Restart();
            Console.Error.WriteLine(
                $"{value.Read} documents: {value.Imported} imported, {value.Merged} merged, {value.Skipped} skipped, {value.Rejected} rejected"
            );
        }
    }
}
