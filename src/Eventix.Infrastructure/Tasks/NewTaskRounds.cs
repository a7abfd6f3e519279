using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Persistence;

namespace Eventix.Infrastructure.Tasks;

/// <summary>How tasks that are stored together are cut into statements.</summary>
internal static class NewTaskRounds
{
    // A second statement beside one pays only where it is for many: what comes back first would go alone each time, for nearly the price of all.
    private const int Lanes = 2;
    private const int FewestBeside = 48;
    private const int MostAtOnce = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(25);

    /// <summary>Sends tasks together that come one by one.</summary>
    public static Coalescer<NewTask, EventixTask> Coalesce(Func<IReadOnlyList<Coalesced<NewTask, EventixTask>>, Task> send) =>
        new(Lanes, FewestBeside, Patience, MostAtOnce, task => task.Args.Length + task.Kwargs.Length + (task.Result?.Length ?? 0), send);

    /// <summary>Whether a task takes the place of the one that waits under its unique key.</summary>
    public static bool HoldsKey(NewTask task) => task.UniqueKey is not null && task.Status.IsWaiting();

    /// <inheritdoc cref="Of(IReadOnlyList{NewTask}, IReadOnlyList{int})"/>
    public static IReadOnlyList<Coalesced<NewTask, EventixTask>[]> Of(IReadOnlyList<Coalesced<NewTask, EventixTask>> requests) =>
        [
            .. Of([.. requests.Select(request => request.Request)], [.. Enumerable.Range(0, requests.Count)])
                .Select(round => Array.ConvertAll(round, index => requests[index])),
        ];

    /// <summary>
    /// Splits tasks so that one statement gets no uid and no waiting unique key twice: later ones come in a following round, and each meets
    /// what those before it have left. A round is in the order of namespace and key, in which everybody takes locks.
    /// </summary>
    public static IReadOnlyList<int[]> Of(IReadOnlyList<NewTask> tasks, IReadOnlyList<int> indexes)
    {
        var (ofUid, ofKey) = (new Dictionary<string, int>(StringComparer.Ordinal), new Dictionary<(string, string), int>());
        var rounds = new List<List<int>>();

        foreach (var index in indexes)
        {
            var task = tasks[index];
            var key = HoldsKey(task) ? (task.Namespace, task.UniqueKey!) : default((string, string)?);
            var round = Math.Max(
                ofUid.TryGetValue(task.Uid, out var last) ? last + 1 : 0,
                key is { } k && ofKey.TryGetValue(k, out last) ? last + 1 : 0
            );

            if (round == rounds.Count)
                rounds.Add([]);
            rounds[round].Add(index);
            ofUid[task.Uid] = round;
            if (key is { } taken)
                ofKey[taken] = round;
        }

        return
        [
            .. rounds.Select(round =>
                round
                    .OrderBy(index => tasks[index].Namespace, StringComparer.Ordinal)
                    .ThenBy(index => tasks[index].UniqueKey, StringComparer.Ordinal)
                    .ThenBy(index => tasks[index].Uid, StringComparer.Ordinal)
                    .ToArray()
            ),
        ];
    }
}
