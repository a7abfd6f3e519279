using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;

namespace Eventix.Worker.Migration;

/// <summary>What can be said behind `import`.</summary>
internal sealed class ImportOptions
{
    private const int DefaultBatch = 1000;

    private readonly Option<string?> _from = SourceOption.Create();

    private readonly Option<FileInfo?> _report = new("--report", "--rejects")
    {
        Description =
            "Where documents go that do not become tasks, with the reason, one JSON object a line; SOURCE.rejects.ndjson in the working folder unless "
            + "given. Written anew by every import that does not go on with another. Not touched when there is nothing to say.",
        HelpName = "FILE.ndjson",
    };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Do everything but the writing: the same report, the same sums.",
    };

    private readonly Option<DateTimeOffset?> _since = new("--since")
    {
        Description = "Only documents whose updated_time is this or later, or is missing. ISO 8601, UTC without an offset.",
        HelpName = "TIME",
        CustomParser = ReadTime,
    };

    private readonly Option<string[]> _namespaces = new("--namespace")
    {
        Description = "Only documents of this namespace. May be repeated.",
        HelpName = "NAME",
    };

    private readonly Option<string[]> _statuses = new("--status")
    {
        Description = "Only documents in this status: scheduled, processing, done, error or retry. May be repeated.",
        HelpName = "STATUS",
    };

    private readonly Option<string> _onConflict = new("--on-conflict")
    {
        Description =
            "For a document whose task is here already, and was not imported or has been written here since: skip leaves the task, update-if-newer "
            + "lets the later updated_time decide, fail ends the import.",
        HelpName = "RULE",
        DefaultValueFactory = _ => "skip",
    };

    private readonly Option<bool> _releaseLeases = new("--release-leases")
    {
        Description =
            "Free running tasks at once, instead of at the end of their leases. For when no worker of the old server runs any more.",
    };

    private readonly Option<int> _batchSize = new("--batch-size")
    {
        Description = $"Documents per transaction, 1 to {ImportDump.LargestBatch}.",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultBatch,
    };

    private readonly Option<int?> _rate = new("--rate")
    {
        Description = $"Documents per second at most, 1 to {ImportDump.HighestRate}; as many as can be unless given.",
        HelpName = "N",
    };

    private readonly Option<bool> _restart = new("--restart")
    {
        Description = "Begin at the first document, also when an import of this source broke off.",
    };

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Also create tasks again that an earlier import has stored or merged and that are gone since: they will run again.",
    };

    public void AddTo(Command verb)
    {
        // What it was called when only dumps could be read.
        _from.Aliases.Add("--dump");
        _batchSize.Validators.Add(given => Check(given, given.GetValueOrDefault<int>(), "--batch-size", ImportDump.LargestBatch));
        _rate.Validators.Add(given => Check(given, given.GetValueOrDefault<int?>() ?? 1, "--rate", ImportDump.HighestRate));
        _onConflict.AcceptOnlyFromAmong("skip", "update-if-newer", "fail");
        _statuses.AcceptOnlyFromAmong("scheduled", "processing", "done", "error", "retry");
        foreach (
            var option in new Option[]
            {
                _from,
                _report,
                _dryRun,
                _since,
                _namespaces,
                _statuses,
                _onConflict,
                _releaseLeases,
                _batchSize,
                _rate,
                _restart,
                _force,
            }
        )
            verb.Options.Add(option);
    }

    public string? From(ParseResult given) => given.GetValue(_from);

    public ImportDump Command(ParseResult given, string from) =>
        new(
            from,
            (given.GetValue(_report) ?? new FileInfo(NameOf(from) + ".rejects.ndjson")).FullName,
            given.GetValue(_batchSize),
            given.GetValue(_force)
        )
        {
            DryRun = given.GetValue(_dryRun),
            Restart = given.GetValue(_restart),
            Since = given.GetValue(_since),
            Namespaces = given.GetValue(_namespaces) ?? [],
            Statuses = [.. (given.GetValue(_statuses) ?? []).Select(status => EventixTaskStatusText.Parse(status)!.Value)],
            Rate = given.GetValue(_rate),
            ReleaseLeases = given.GetValue(_releaseLeases),
            OnConflict = given.GetValue(_onConflict) switch
            {
                "fail" => ImportConflictRule.Fail,
                "update-if-newer" => ImportConflictRule.UpdateIfNewer,
                _ => ImportConflictRule.Skip,
            },
        };

    private static void Check(OptionResult given, int number, string option, int max)
    {
        if (number < 1 || number > max)
            given.AddError($"{option} is a number from 1 to {max}.");
    }

    private static DateTimeOffset? ReadTime(ArgumentResult given)
    {
        var text = given.Tokens.Count == 1 ? given.Tokens[0].Value : "";
        if (LaxInput.TryReadTime(Encoding.UTF8.GetBytes(text), out var time, out var problem))
            return time;

        given.AddError($"--since {text} is not a time: {problem}.");
        return null;
    }

    // An address has a password in it, and slashes.
    private static string NameOf(string from) =>
        from.StartsWith("mongodb", StringComparison.OrdinalIgnoreCase) && from.Contains("://", StringComparison.Ordinal) ? "task"
        : Path.GetFileName(Path.TrimEndingDirectorySeparator(from)).Split('.')[0] is { Length: > 0 } name ? name
        : "task";
}
