using System.CommandLine;
using Eventix.Application.Migration;
using Eventix.Infrastructure.Configuration;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eventix.Worker.Migration;

/// <summary>
/// `import`: 0 when the source was read to its end and the sums add up; 1 when it is damaged, went away, met a conflict that it was to fail at, or
/// the database failed; 2 when an argument, a path or a variable is wrong.
/// </summary>
internal static class ImportVerb
{
    private const int Failed = 1;

    public static Command Create()
    {
        var options = new ImportOptions();
        var verb = new Command(
            "import",
            "Loads tasks of the old server, from a dump or from the running MongoDB, and ends. The last line of the output counts what became of the "
                + "documents. Run again it goes on where it broke off, and skips what an earlier one has dealt with."
        );
        options.AddTo(verb);
        verb.SetAction(
            (given, cancellationToken) => RunAsync(options.From(given), from => options.Command(given, from), cancellationToken)
        );

        return verb;
    }

    private static async Task<int> RunAsync(string? given, Func<string, ImportDump> make, CancellationToken cancellationToken)
    {
        var outcome = HostStart.Success;
        var started = await WorkerHost.RunVerbAsync(
            async (services, token) =>
            {
                if (SourceOption.Read(given, services) is not { } from)
                {
                    await Console.Error.WriteLineAsync(SourceOption.Missing);
                    outcome = HostStart.Misconfigured;
                    return;
                }

                outcome = await RunAsync(services.GetRequiredService<IMediator>(), make(from), token);
            },
            cancellationToken
        );

        return started == HostStart.Success ? outcome : started;
    }

    private static async Task<int> RunAsync(IMediator mediator, ImportDump command, CancellationToken cancellationToken)
    {
        if (WrongReport(command) is { } mistake)
        {
            await Console.Error.WriteLineAsync(mistake);
            return HostStart.Misconfigured;
        }

        try
        {
            var sums = await ImportProgressShown.WhileAsync(progress =>
                mediator.Send(command with { Progress = progress }, cancellationToken)
            );
            return await TellAsync(sums, command);
        }
        catch (SourceException refused)
        {
            await Console.Error.WriteLineAsync(
                refused.IsTransient ? $"{refused.Message} What was stored stays; run the import again to go on." : refused.Message
            );
            return refused.IsTransient ? Failed : HostStart.Misconfigured;
        }
        catch (Exception stopped) when (stopped is CorruptDumpException or ImportConflictException)
        {
            await Console.Error.WriteLineAsync(stopped.Message);
            return Failed;
        }
        catch (NpgsqlException failure)
        {
            await Console.Error.WriteLineAsync(
                $"The database failed: {failure.Message.ReplaceLineEndings(" ")} What was stored stays; run the import again to go on."
            );
            return Failed;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return HostStart.Misconfigured;
        }
    }

    private static async Task<int> TellAsync(ImportSummary sums, ImportDump command)
    {
        if (command.DryRun)
            await Console.Error.WriteLineAsync("Nothing was stored: this was a dry run.");
        if (File.Exists(command.ReportFile) && sums.Imported < sums.Read)
            await Console.Error.WriteLineAsync($"{command.ReportFile} has the documents that did not become tasks, each with its reason.");

        await Console.Out.WriteLineAsync(
            $$"""{"read":{{sums.Read}},"imported":{{sums.Imported}},"merged":{{sums.Merged}},"skipped":{{sums.Skipped}},"rejected":{{sums.Rejected}}}"""
        );
        if (sums.AddsUp)
            return HostStart.Success;

        await Console.Error.WriteLineAsync("The sums do not add up. This is a fault of the import: please report it with its output.");
        return Failed;
    }

    private static string? WrongReport(ImportDump command)
    {
        if (!Directory.Exists(Path.GetDirectoryName(command.ReportFile)))
            return $"--report {command.ReportFile}: there is no such folder.";

        return string.Equals(Path.GetFullPath(command.From), command.ReportFile, StringComparison.Ordinal)
            ? $"--report {command.ReportFile} is the source itself."
            : null;
    }
}
