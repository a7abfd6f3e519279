using System.CommandLine;
using Eventix.Domain.Tasks;

namespace Eventix.Worker.Migration;

/// <summary>`--status`, which may be repeated.</summary>
internal static class StatusOption
{
    private static readonly string[] Names = [.. Enum.GetValues<EventixTaskStatus>().Select(status => status.ToText())];

    public static Option<string[]> Create()
    {
        var option = new Option<string[]>("--status")
        {
            Description = "Only tasks of this one; may be repeated.",
            HelpName = string.Join('|', Names),
        };
        return option.AcceptOnlyFromAmong(Names);
    }

    public static IReadOnlyList<EventixTaskStatus> Read(ParseResult given, Option<string[]> option) =>
        [.. (given.GetValue(option) ?? []).Select(status => EventixTaskStatusText.Parse(status)!.Value)];
}
