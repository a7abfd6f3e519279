using Eventix.Application.Workers;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// Told of every task that this process made wait, once it is stored: then no bookmark of the process hides it, and who waits for tasks is
/// woken when it is due.
/// </summary>
internal sealed class WaitingTasks(ClaimBookmarks bookmarks, TaskArrivals arrivals, TimeProvider clock)
{
    // Clients put their own `now` into the eta, and their clocks run a little ahead. What is due later is found by those who look once a second.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    /// <summary>A task that finished or runs is none of this one's business, and may be told all the same.</summary>
    /// <param name="othersKnow">Other processes were told when it was stored.</param>
    public void Tell(EventixTask stored, bool othersKnow = false)
    {
        if (!stored.Status.IsWaiting())
            return;

        bookmarks.Waits(stored);
        if (othersKnow && stored.Eta <= stored.UpdatedAt)
            arrivals.Hear(stored.Namespace);
        else
            Wake(stored.Namespace, stored.Eta - stored.UpdatedAt);
    }

    /// <inheritdoc cref="Tell(EventixTask)"/>
    public void Tell(IReadOnlyCollection<EventixTask> stored)
    {
        foreach (var task in stored)
            bookmarks.Waits(task);

        foreach (var tasks in stored.Where(task => task.Status.IsWaiting()).GroupBy(task => task.Namespace, StringComparer.Ordinal))
            Wake(tasks.Key, tasks.Min(task => task.Eta - task.UpdatedAt));
    }

    /// <summary>The same for a task that is due by now, or nearly so.</summary>
    public void Tell(string @namespace, int priority, DateTimeOffset eta)
    {
        bookmarks.Waits(@namespace, priority, eta);
        arrivals.Tell(@namespace);
    }

    private void Wake(string @namespace, TimeSpan dueIn)
    {
        if (dueIn <= TimeSpan.Zero)
            arrivals.Tell(@namespace);
        else if (dueIn <= Soon)
            _ = WakeLaterAsync(@namespace, dueIn);
    }

    private async Task WakeLaterAsync(string @namespace, TimeSpan dueIn)
    {
        await Task.Delay(dueIn, clock, CancellationToken.None);
        arrivals.Tell(@namespace);
    }
}
