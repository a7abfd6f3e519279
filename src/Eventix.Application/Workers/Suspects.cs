using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;

namespace Eventix.Application.Workers;

/// <summary>
/// A task that kills its process takes everything along that its host holds, and all of that loses a lease. So that it is the only one that ends
/// for it, tasks that lost several leases come one at a time: a host holds one of them, and gives the others back for a while.
/// </summary>
/// <param name="maxLostLeases">With how many lost leases a task ends; 0 for never.</param>
internal sealed class Suspects(int maxLostLeases)
{
    // A second loss: one may happen to anybody. Before the last one in any case.
    private readonly int _from = maxLostLeases > 0 ? Math.Max(1, Math.Min(2, maxLostLeases - 1)) : int.MaxValue;

    /// <summary>Until a suspect that was given back is due again, in seconds.</summary>
    private const int Away = 1;

    public bool Includes(EventixTask task) => task.LostLeases >= _from;

    /// <summary>Divides what was claimed into what may run here, and what is given back.</summary>
    /// <param name="holdsOne">Whether this host holds a suspect already.</param>
    public (IReadOnlyList<EventixTask> Run, IReadOnlyList<TaskWriteBack> GiveBack) Divide(IReadOnlyList<EventixTask> claimed, bool holdsOne)
    {
        var suspects = claimed.Where(Includes).ToList();
        if (suspects.Count == 0 || (suspects.Count == 1 && !holdsOne))
            return (claimed, []);

        // Where several came, the first is not begun either: it could end the process before the others are written back. It is given back
        // behind them and due at once, so the next claim has it alone.
        var giveBack = suspects.Skip(holdsOne ? 0 : 1).Select(task => new TaskWriteBack(task, task.GiveBack() with { RetryIn = Away }));
        if (!holdsOne)
            giveBack = giveBack.Append(new TaskWriteBack(suspects[0], suspects[0].GiveBack()));

        return ([.. claimed.Where(task => !Includes(task))], [.. giveBack]);
    }
}
