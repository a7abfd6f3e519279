namespace Eventix.Benchmarks;

/// <summary>How much a run measures.</summary>
/// <param name="Rounds">How often each contestant runs.</param>
/// <param name="Tasks">Of a drain, and of a run over HTTP.</param>
internal sealed record Scale(bool IsQuick, int Rounds, int Tasks)
{
    public static Scale Of(bool isQuick, int? tasks, int? rounds) =>
        new(isQuick, rounds ?? (isQuick ? 1 : 3), tasks ?? (isQuick ? 10_000 : 100_000));

    /// <summary>
    /// What a peer has for a drain. One that needs longer is broken off, and the table says how far it came: on two cores Hangfire would take four
    /// minutes and more for 100,000 tasks, which says no more about its rate than the first minute does.
    /// </summary>
    public TimeSpan PeerPatience { get; init; } = TimeSpan.FromSeconds(IsQuick ? 10 : 60);

    /// <summary>One figure for full runs, another one for quick ones.</summary>
    public T Pick<T>(T full, T quick) => IsQuick ? quick : full;
}
