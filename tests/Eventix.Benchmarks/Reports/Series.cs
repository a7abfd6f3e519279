namespace Eventix.Benchmarks.Reports;

/// <summary>What the runs of one thing gave, in the order in which they were run.</summary>
/// <param name="Note">How it was set, and what it does not do.</param>
internal sealed record Series(string Name, string Unit, IReadOnlyList<double> Values, string Note = "")
{
    public double Median => MedianOf(Values);

    /// <summary>This one against another, run for run: pairs that ran next to each other share the noise of the machine.</summary>
    public IReadOnlyList<double> Against(Series other) => [.. Values.Zip(other.Values, (mine, theirs) => mine / theirs)];

    public static double MedianOf(IReadOnlyCollection<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <param name="share">0.99 for p99.</param>
    public static double Percentile(IReadOnlyCollection<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
