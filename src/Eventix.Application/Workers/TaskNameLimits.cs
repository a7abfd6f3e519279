using Microsoft.Extensions.Options;

namespace Eventix.Application.Workers;

/// <summary>
/// Says which names to claim together, and how many tasks at most, so that no name goes over its own limit: one that is at its limit is not
/// claimed, and its tasks are left to other hosts.
/// </summary>
internal sealed class TaskNameLimits
{
    private readonly TasksInHand _hand;
    private readonly IReadOnlyList<string> _all;
    private readonly List<string> _unlimited;
    private readonly List<(string Name, int Limit)> _limited;

    public TaskNameLimits(TaskRegistry registry, TasksInHand hand, IOptions<TaskWorkerOptions> options)
    {
        _hand = hand;
        _all = registry.Names;
        _limited = [.. registry.Names.Select(name => (name, registry[name].Concurrency ?? int.MaxValue)).Where(IsReachable)];
        _unlimited = [.. registry.Names.Except(_limited.Select(limit => limit.Name), StringComparer.Ordinal)];

        bool IsReachable((string Name, int Limit) name) => name.Limit < options.Value.Concurrency;
    }

    /// <summary>Whether any name has a limit that matters here.</summary>
    public bool Any => _limited.Count > 0;

    /// <summary>The next claim towards <paramref name="room"/> tasks; null when every name is at its limit.</summary>
    /// <remarks>
    /// All names together, in the order of the queue, where none of them can go over its limit by it. Otherwise those with a limit first, as many
    /// as the nearest limit allows, and when no more of them are due (<paramref name="limitedAreShort"/>) those without.
    /// </remarks>
    public NamesToClaim? Next(int room, bool limitedAreShort)
    {
        if (!Any)
            return new NamesToClaim(_all, room, IsLast: true);

        var open = new List<string>();
        var nearest = int.MaxValue;
        foreach (var (name, limit) in _limited)
        {
            var left = limit - _hand.Named(name);
            if (left <= 0)
                continue;

            open.Add(name);
            nearest = Math.Min(nearest, left);
        }

        if (nearest < room && !limitedAreShort)
            return new NamesToClaim(open, nearest, IsLast: false);

        IReadOnlyList<string> names = nearest < room ? _unlimited : [.. _unlimited, .. open];

        return names.Count == 0 ? null : new NamesToClaim(names, room, IsLast: true);
    }
}

/// <param name="IsLast">Whether nothing else is due when fewer than <paramref name="Limit"/> come of it.</param>
internal sealed record NamesToClaim(IReadOnlyList<string> Names, int Limit, bool IsLast);
