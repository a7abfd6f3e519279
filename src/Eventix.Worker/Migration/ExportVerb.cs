using System.CommandLine;
using Eventix.Application.Migration;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Configuration;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eventix.Worker.Migration;

/// <summary>`export`: 0 when every task was exported, 1 when some were not or the database failed, 2 when the target cannot be used.</summary>
internal static class ExportVerb
{
    private const int Failed = 1;

    private static readonly Dictionary<string, ExportFormat> Formats = new(StringComparer.Ordinal)
    {
        ["mongodump"] = ExportFormat.Mongodump,
        ["mongoexport"] = ExportFormat.Mongoexport,
        ["cli"] = ExportFormat.CliDump,
        ["mongodb"] = ExportFormat.MongoDb,
    };

    public static Command Create()
    {
        var to = new Option<string>("--to")
        {
            Description =
                "A folder (mongodump, cli), a file (mongoexport), or mongodb://… with the database in its path, whose collection `task` is written.",
            HelpName = "PLACE",
            Required = true,
        };
        var format = new Option<string?>("--format")
        {
            Description = "Unless given: mongodb for mongodb://…, mongoexport for a name with .ndjson or .json, otherwise mongodump.",
            HelpName = string.Join('|', Formats.Keys),
        };
        format.AcceptOnlyFromAmong([.. Formats.Keys]);
        var databaseName = new Option<string>("--database")
        {
            Description = "For mongodump: the name of the folder in it, which mongorestore takes for the database's.",
            HelpName = "NAME",
            DefaultValueFactory = _ => ExportTasks.DefaultDatabase,
        };
        var gzip = new Option<bool>("--gzip")
        {
            Description = "Packs the files, as mongodump --gzip does. A file named .gz is packed anyway.",
        };
        var replace = new Option<bool>("--replace")
        {
            Description =
                "Overwrites the files of an earlier export. Of a collection that is not empty, replaces what has the same `_id`, and removes what was "
                + "imported from it and has been finished and deleted here since.",
        };
        var namespaces = new Option<string[]>("--namespace")
        {
            Description = "Only tasks of this one; may be repeated.",
            HelpName = "NAME",
        };
        var statuses = new Option<string[]>("--status")
        {
            Description = "Only tasks of this one; may be repeated.",
            HelpName = string.Join('|', Enum.GetValues<EventixTaskStatus>().Select(status => status.ToText())),
        };
        statuses.AcceptOnlyFromAmong([.. Enum.GetValues<EventixTaskStatus>().Select(status => status.ToText())]);
        var since = new Option<DateTimeOffset?>("--since")
        {
            Description = "Only tasks that were written at this time or later.",
            HelpName = "TIME",
        };
        var verb = new Command(
            "export",
            "Writes the tasks as the old server on MongoDB stores them, all from one moment, and ends. The last line of the output counts them."
        )
        {
            to,
            format,
            databaseName,
            gzip,
            replace,
            namespaces,
            statuses,
            since,
        };

        verb.SetAction(
            (given, cancellationToken) =>
            {
                var place = given.GetRequiredValue(to);
                var chosen = given.GetValue(format) is { } name ? Formats[name] : FormatOf(place);
                var command = new ExportTasks(
                    chosen == ExportFormat.MongoDb ? place : Path.GetFullPath(place),
                    chosen,
                    given.GetRequiredValue(databaseName),
                    given.GetValue(gzip) || (chosen == ExportFormat.Mongoexport && place.EndsWith(".gz", StringComparison.Ordinal)),
                    given.GetValue(replace),
                    given.GetValue(namespaces),
                    [.. (given.GetValue(statuses) ?? []).Select(status => EventixTaskStatusText.Parse(status)!.Value)],
                    given.GetValue(since),
                    new ProgressLines<ExportSummary>(sums => $"{sums.Tasks} tasks: {sums.Exported} exported, {sums.Rejected} rejected"),
                    new RejectLines()
                );

                return RunAsync(command, cancellationToken);
            }
        );

        return verb;
    }

    private static ExportFormat FormatOf(string place)
    {
        if (place.StartsWith("mongodb://", StringComparison.Ordinal) || place.StartsWith("mongodb+srv://", StringComparison.Ordinal))
            return ExportFormat.MongoDb;

        string[] endings = [".ndjson", ".json", ".ndjson.gz", ".json.gz"];
        return endings.Any(ending => place.EndsWith(ending, StringComparison.Ordinal)) ? ExportFormat.Mongoexport : ExportFormat.Mongodump;
    }

    private static async Task<int> RunAsync(ExportTasks command, CancellationToken cancellationToken)
    {
        if (command.Gzip && command.Format is ExportFormat.CliDump or ExportFormat.MongoDb)
        {
            await Console.Error.WriteLineAsync("--gzip is for the formats mongodump and mongoexport.");
            return HostStart.Misconfigured;
        }

        var outcome = HostStart.Success;
        var started = await WorkerHost.RunVerbAsync(
            async (services, token) => outcome = await ExportAsync(services.GetRequiredService<IMediator>(), command, token),
            cancellationToken
        );

        return started == HostStart.Success ? outcome : started;
    }

    private static async Task<int> ExportAsync(IMediator mediator, ExportTasks command, CancellationToken cancellationToken)
    {
        try
        {
            var sums = await mediator.Send(command, cancellationToken);
            await Console.Out.WriteLineAsync(
                $$"""{"tasks":{{sums.Tasks}},"exported":{{sums.Exported}},"rejected":{{sums.Rejected}},"removed":{{sums.Removed}}}"""
            );
            return sums.Exported == sums.Tasks ? HostStart.Success : Failed;
        }
        catch (TargetException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return refused.IsTransient ? Failed : HostStart.Misconfigured;
        }
        catch (FluentValidation.ValidationException invalid)
        {
            await Console.Error.WriteLineAsync(string.Join(Environment.NewLine, invalid.Errors.Select(error => error.ErrorMessage)));
            return HostStart.Misconfigured;
        }
        catch (Exception failure) when (failure is NpgsqlException or IOException)
        {
            await Console.Error.WriteLineAsync($"The export broke off: {failure.Message} Run it again: it begins anew.");
            return Failed;
        }
    }

    /// <summary>A line on standard error for every task that was not exported.</summary>
    private sealed class RejectLines : IProgress<RejectedTask>
    {
        public void Report(RejectedTask value) => Console.Error.WriteLine($"not exported: {value.Uid}: {value.Reason}");
    }
}
