using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Eventix.Application.Migration;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Configuration;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eventix.Worker.Migration;

/// <summary>`verify`: 0 without an unexplained difference, 1 with one or when either side failed, 2 when the source cannot be used.</summary>
internal static class VerifyVerb
{
    private const int Failed = 1;

    private static readonly JsonSerializerOptions Lines = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Create()
    {
        var from = SourceOption.Create();
        var namespaces = new Option<string[]>("--namespace")
        {
            Description = "Only tasks of this one; may be repeated.",
            HelpName = "NAME",
        };
        var statuses = StatusOption.Create();
        var explained = new Option<bool>("--explained")
        {
            Description = "Also names what is not equal for a reason: changed or gone here since the import, merged, skipped, rejected.",
        };
        var showValues = new Option<bool>("--show-values")
        {
            Description = "With every field that differs, both values. They may be payloads: mind where the output goes.",
        };
        var verb = new Command(
            "verify",
            "Compares a source with the tasks here, document by document, and ends. One JSON object a line: every difference that nothing explains, then "
                + "the counts by namespace and status; the last line has the sums."
        )
        {
            from,
            namespaces,
            statuses,
            explained,
            showValues,
        };

        verb.SetAction(
            (given, cancellationToken) =>
                RunAsync(
                    given.GetValue(from),
                    source => new VerifyImport(
                        source,
                        given.GetValue(namespaces),
                        StatusOption.Read(given, statuses),
                        new FindingLines(given.GetValue(explained), given.GetValue(showValues)),
                        new ProgressLines<VerifySummary>(sums =>
                            $"{sums.Documents} documents compared, {sums.Differences} differences so far"
                        )
                    ),
                    cancellationToken
                )
        );

        return verb;
    }

    private static async Task<int> RunAsync(string? from, Func<string, VerifyImport> make, CancellationToken cancellationToken)
    {
        var outcome = HostStart.Success;
        var started = await WorkerHost.RunVerbAsync(
            async (services, token) =>
            {
                if (SourceOption.Read(from, services) is { } source)
                {
                    outcome = await VerifyAsync(services.GetRequiredService<IMediator>(), make(source), token);
                    return;
                }

                await Console.Error.WriteLineAsync(SourceOption.Missing);
                outcome = HostStart.Misconfigured;
            },
            cancellationToken
        );

        return started == HostStart.Success ? outcome : started;
    }

    private static async Task<int> VerifyAsync(IMediator mediator, VerifyImport command, CancellationToken cancellationToken)
    {
        try
        {
            var sums = await mediator.Send(command, cancellationToken);
            foreach (var count in sums.Counts)
                await Console.Out.WriteLineAsync(JsonSerializer.Serialize(count, Lines));

            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(Sums(sums), Lines));
            return sums.Differences == 0 ? HostStart.Success : Failed;
        }
        catch (SourceException unusable)
        {
            await Console.Error.WriteLineAsync(unusable.Message);
            return unusable.IsTransient ? Failed : HostStart.Misconfigured;
        }
        catch (CorruptDumpException damage)
        {
            await Console.Error.WriteLineAsync(damage.Message);
            return Failed;
        }
        catch (NpgsqlException failure)
        {
            await Console.Error.WriteLineAsync($"The database failed: {failure.Message}");
            return Failed;
        }
    }

    private static Dictionary<string, long> Sums(VerifySummary sums)
    {
        var line = new Dictionary<string, long>(StringComparer.Ordinal) { ["Documents"] = sums.Documents };
        foreach (var (outcome, count) in sums.Outcomes)
            line.Add(outcome.ToString(), count);

        line.Add(nameof(VerifySummary.PostedHere), sums.PostedHere);
        line.Add(nameof(VerifySummary.FinishedAndGoneFromSource), sums.FinishedAndGoneFromSource);
        line.Add(nameof(VerifySummary.Differences), sums.Differences);
        return line;
    }

    /// <summary>A line on standard output for every document that is not equal.</summary>
    private sealed class FindingLines(bool explained, bool showValues) : IProgress<VerifyFinding>
    {
        public void Report(VerifyFinding value)
        {
            if (!value.IsDifference && !explained)
                return;

            var line = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["Uid"] = value.Uid,
                ["Outcome"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(value.Outcome.ToString()),
            };
            if (value.Reason is not null)
                line.Add("Reason", value.Reason);
            if (value.Hashes is { } hashes)
                (line["SourceHash"], line["TargetHash"]) = (hashes.Source, hashes.Target);
            if (value.Fields.Count > 0)
                line.Add("Fields", showValues ? value.Fields : value.Fields.Select(field => field.Name));

            Console.Out.WriteLine(JsonSerializer.Serialize(line, Lines));
        }
    }
}
