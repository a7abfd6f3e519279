namespace Eventix.Benchmarks.Reports;

/// <summary>What the runs of one thing gave, in the order in which they were run.</summary>
/// <param name="Values"><see cref="double.NaN"/> for a run that is missing.</param>
/// <param name="Note">How it was set, and what it does not do.</param>
internal sealed record Series(string Name, string Unit, IReadOnlyList<double> Values, string Note = "")
{
    /// <summary>Why runs are missing; null when none is.</summary>
    public string? Failure { get; init; }

    /// <summary>The runs that gave a figure.</summary>
    public IReadOnlyList<double> Measured => [.. Values.Where(value => !double.IsNaN(value))];

    public double Median => MedianOf(Values);

    /// <summary>This one against another, run for run: pairs that ran next to each other share the noise of the machine.</summary>
    public IReadOnlyList<double> Against(Series other) => [.. Values.Zip(other.Values, (mine, theirs) => mine / theirs)];

    /// <summary>Of the values that are there; <see cref="double.NaN"/> when none is.</summary>
    public static double MedianOf(IEnumerable<double> values)
    {
        var sorted = values.Where(value => !double.IsNaN(value)).Order().ToArray();
        if (sorted.Length == 0)
            return double.NaN;

        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <param name="share">0.99 for p99.</param>
    public static double Percentile(IReadOnlyCollection<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
