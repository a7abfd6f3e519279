using System.Runtime.InteropServices;
using Eventix.Application.Migration;
using Eventix.Domain.Tasks;

namespace Eventix.Infrastructure.Migration;

/// <summary>The sums of a verification.</summary>
internal sealed class VerifyTally
{
    private readonly Dictionary<VerifyOutcome, long> _outcomes = Enum.GetValues<VerifyOutcome>().ToDictionary(outcome => outcome, _ => 0L);
    private readonly Dictionary<(string Namespace, EventixTaskStatus Status), (long Source, long Target)> _counts = [];
    private long _postedHere;
    private long _finishedAndGone;

    public VerifySummary Summary =>
        new(
            _outcomes.Where(outcome => outcome.Key != VerifyOutcome.GoneFromSource).Sum(outcome => outcome.Value),
            _outcomes,
            [
                .. _counts
                    .OrderBy(count => count.Key.Namespace, StringComparer.Ordinal)
                    .ThenBy(count => count.Key.Status)
                    .Select(count => new VerifyCount(
                        count.Key.Namespace,
                        count.Key.Status.ToText(),
                        count.Value.Source,
                        count.Value.Target
                    )),
            ],
            _postedHere,
            _finishedAndGone
        );

    public void Add(VerifyOutcome outcome) => _outcomes[outcome]++;

    public void AddDocument(string ns, EventixTaskStatus status) => Count(ns, status).Source++;

    public void AddTask(string ns, EventixTaskStatus status) => Count(ns, status).Target++;

    public void AddPostedHere() => _postedHere++;

    public void AddFinishedAndGone() => _finishedAndGone++;

    private ref (long Source, long Target) Count(string ns, EventixTaskStatus status) =>
        ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, (ns, status), out _);
}
