using System.Text;

namespace Eventix.Benchmarks.Reports;

/// <summary>Collects what was measured, and writes it as Markdown.</summary>
internal sealed class Report
{
    private readonly List<(string Section, Series Series)> _series = [];
    private readonly List<(string What, IReadOnlyList<double> PerPair)> _ratios = [];
    private readonly Dictionary<Bar, double> _measured = [];
    private readonly List<string> _remarks = [];
    private readonly List<string> _failures = [];

    /// <summary>Whether something that was to be measured is missing.</summary>
    public bool HasFailed => _failures.Count > 0;

    public void Add(string section, Series series)
    {
        _series.Add((section, series));
        if (series.Failure is { } failure)
            Fail($"{section}, {series.Name}", failure);
    }

    /// <summary>Names what is missing, and why.</summary>
    public void Fail(string what, string why) => _failures.Add($"{what}: {why.ReplaceLineEndings(" ").Trim()}");

    /// <summary>Notes the ratio of each pair; answers the median.</summary>
    public double Compare(Series one, Series other)
    {
        var perPair = one.Against(other);
        _ratios.Add(($"{one.Name} / {other.Name}", perPair));

        return Series.MedianOf(perPair);
    }

    public void Judge(Bar bar, double measured) => _measured[bar] = measured;

    /// <summary>What a reader of the figures has to know, such as a size that was scaled down.</summary>
    public void Remark(string remark) => _remarks.Add(remark);

    /// <param name="remarks">Such as how long it took, before those that were noted.</param>
    public string ToMarkdown(Machine machine, string command, params IEnumerable<string> remarks)
    {
        var text = new StringBuilder();
        text.Append($"# Benchmarks of {machine.Time:yyyy-MM-dd HH:mm} UTC\n\n`{command}`\n\n");
        foreach (var fact in machine.Facts)
            text.Append($"- {fact}\n");
        foreach (var remark in remarks.Concat(_remarks))
            text.Append($"- {remark}\n");

        if (_failures.Count > 0)
            text.Append("\n## Failed\n\nWhat is told below lacks this:\n\n").AppendJoin("", _failures.Select(failure => $"- {failure}\n"));
        if (_measured.Count > 0)
            AppendBars(text);
        foreach (var section in _series.GroupBy(item => item.Section, item => item.Series))
            AppendSeries(text, section.Key, [.. section]);
        if (_ratios.Count > 0)
            AppendRatios(text);

        return text.ToString();
    }

    private void AppendBars(StringBuilder text)
    {
        text.Append("\n## Bars\n\n| what | bar | measured | met |\n|---|---:|---:|---|\n");
        foreach (var bar in Bar.All)
        {
            var limit = $"{(bar.IsAtMost ? "≤" : "≥")} {bar.Limit:0.##}{Unit(bar.Unit)}";
            var measured = _measured.TryGetValue(bar, out var value) ? (double?)value : null;
            text.Append(
                measured is { } figure
                    ? $"| {bar.What} | {limit} | {Figure(figure)}{Unit(bar.Unit)} | {Met(bar, figure)} |\n"
                    : $"| {bar.What} | {limit} | | not run |\n"
            );
        }
    }

    private static void AppendSeries(StringBuilder text, string section, IReadOnlyList<Series> series)
    {
        text.Append($"\n## {section}\n\n| what | median | min | max | unit | runs | note |\n|---|---:|---:|---:|---|---:|---|\n");
        foreach (var item in series.Where(item => item.Measured.Count > 0))
            text.Append(
                $"| {item.Name} | {Figure(item.Median)} | {Figure(item.Measured.Min())} | {Figure(item.Measured.Max())} | {item.Unit} "
                    + $"| {item.Measured.Count} | {item.Note} |\n"
            );
    }

    private void AppendRatios(StringBuilder text)
    {
        text.Append("\n## Ratios, pair by pair\n\n| what | median | pairs |\n|---|---:|---|\n");
        foreach (var (what, perPair) in _ratios)
            text.Append($"| {what} | {Figure(Series.MedianOf(perPair))} | {string.Join(", ", perPair.Select(Figure))} |\n");
    }

    private static string Met(Bar bar, double measured) =>
        double.IsNaN(measured) ? "not measured"
        : bar.IsMetBy(measured) ? "yes"
        : "**no**";

    private static string Unit(string unit) => unit.Length > 0 ? " " + unit : "";

    private static string Figure(double value) =>
        Math.Abs(value) switch
        {
            double.NaN => "–",
            >= 100 => value.ToString("#,##0"),
            >= 1 => value.ToString("0.00"),
            _ => value.ToString("0.0000"),
        };
}
