using System.Globalization;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Tasks;

/// <summary>
/// The place of a task in a list, by the values that its order is made of: a page after it costs the same wherever it is, and needs no task to
/// be still there.
/// </summary>
/// <param name="Rank">Of the status; 0 where the order has none.</param>
/// <param name="Uid">Empty where the order has none.</param>
public sealed record TaskCursor(int Rank, DateTimeOffset Eta, long Id, string Uid)
{
    /// <summary>The place of a task.</summary>
    public static TaskCursor Of(EventixTask task, TaskOrder order) =>
        order switch
        {
            TaskOrder.Uid => new TaskCursor(0, default, 0, task.Uid),
            TaskOrder.Arrival => new TaskCursor(0, default, task.Id, ""),
            _ => new TaskCursor(RankOf(task.Status), task.Eta, task.Id, ""),
        };

    /// <summary>
    /// Reads what <see cref="ToText"/> wrote: the uid itself, the number of arrival, or `rank.eta.arrival`. Null when it is no such thing.
    /// </summary>
    public static TaskCursor? Parse(string text, TaskOrder order)
    {
        if (order == TaskOrder.Uid)
            return new TaskCursor(0, default, 0, text);

        var parts = text.Split('.');
        if (order == TaskOrder.Arrival)
            return parts is [var number] && TryNumber(number, out var id) ? new TaskCursor(0, default, id, "") : null;

        return
            parts is [var rank, var eta, var arrival]
            && TryNumber(rank, out var place)
            && place <= int.MaxValue
            && TryNumber(eta, out var ticks)
            && ticks <= DateTimeOffset.MaxValue.Ticks
            && TryNumber(arrival, out var last)
            ? new TaskCursor((int)place, new DateTimeOffset(ticks, TimeSpan.Zero), last, "")
            : null;
    }

    public string ToText(TaskOrder order) =>
        order switch
        {
            TaskOrder.Uid => Uid,
            TaskOrder.Arrival => $"{Id}",
            _ => $"{Rank}.{Eta.UtcTicks}.{Id}",
        };

    private static bool TryNumber(string digits, out long number) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    // The same ranks stand in the order of the list's statement.
    private static int RankOf(EventixTaskStatus status) =>
        status switch
        {
            EventixTaskStatus.Scheduled => 0,
            EventixTaskStatus.Processing => 1,
            EventixTaskStatus.Retry => 2,
            EventixTaskStatus.Error => 3,
            _ => 4,
        };
}
