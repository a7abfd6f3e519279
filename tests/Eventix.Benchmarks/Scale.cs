namespace Eventix.Benchmarks;

/// <summary>How much a run measures.</summary>
/// <param name="Rounds">How often each contestant runs.</param>
/// <param name="Tasks">Of a drain, and of a run over HTTP.</param>
internal sealed record Scale(bool IsQuick, int Rounds, int Tasks)
{
    public static Scale Of(bool isQuick, int? tasks, int? rounds) =>
        new(isQuick, rounds ?? (isQuick ? 1 : 3), tasks ?? (isQuick ? 10_000 : 100_000));

    /// <summary>One figure for full runs, another one for quick ones.</summary>
    public T Pick<T>(T full, T quick) => IsQuick ? quick : full;
}
