using System.Diagnostics;
using Eventix.Application.Migration;
using Spectre.Console;

namespace Eventix.Worker.Migration;

/// <summary>Shows on standard error how far an import is: as a bar in a terminal, and otherwise as a line every few seconds.</summary>
internal static class ImportProgressShown
{
    public static Task<ImportSummary> WhileAsync(Func<IProgress<ImportProgress>, Task<ImportSummary>> import) =>
        Console.IsErrorRedirected ? import(new Lines()) : WithBarAsync(import);

    private static async Task<ImportSummary> WithBarAsync(Func<IProgress<ImportProgress>, Task<ImportSummary>> import)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

        return await console
            .Progress()
            .Columns(
                new SpinnerColumn(),
                new ProgressBarColumn(),
                new PercentageColumn(),
                new RemainingTimeColumn(),
                new TaskDescriptionColumn { Alignment = Justify.Left }
            )
            .StartAsync(async shown => await import(new Bar(console, shown.AddTask("", maxValue: 1))));
    }

    /// <summary>Documents per second since this import began, and what is left by that, as words.</summary>
    private sealed class Pace
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private (long Read, double Fraction)? _first;

        public string Rate(ImportProgress now)
        {
            _first ??= (now.Sums.Read, now.Fraction ?? 0);
            var seconds = _clock.Elapsed.TotalSeconds;
            return seconds < 0.001 ? "" : $"{(now.Sums.Read - _first.Value.Read) / seconds:n0}/s";
        }

        public string Left(ImportProgress now)
        {
            if (now.Fraction is not { } fraction || _first is not { } first || fraction <= first.Fraction)
                return "";

            var left = _clock.Elapsed * ((1 - fraction) / (fraction - first.Fraction));
            return $", {fraction:p0}, {left:hh\\:mm\\:ss} left";
        }
    }

    private static string Describe(ImportSummary sums) =>
        $"{sums.Read} documents: {sums.Imported} imported, {sums.Merged} merged, {sums.Skipped} skipped, {sums.Rejected} rejected";

    private sealed class Lines : IProgress<ImportProgress>
    {
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

        private readonly Stopwatch _sinceLast = Stopwatch.StartNew();
        private readonly Pace _pace = new();

        public void Report(ImportProgress value)
        {
            if (value.Notice is not null)
                Console.Error.WriteLine(value.Notice);

            var rate = _pace.Rate(value);
            if (value.Notice is not null || _sinceLast.Elapsed < Pause)
                return;

            _sinceLast.Restart();
            Console.Error.WriteLine($"{Describe(value.Sums)}; {rate}{_pace.Left(value)}");
        }
    }

    private sealed class Bar(IAnsiConsole console, ProgressTask task) : IProgress<ImportProgress>
    {
        private readonly Pace _pace = new();

        public void Report(ImportProgress value)
        {
            if (value.Notice is not null)
                console.WriteLine(value.Notice);

            if (value.Fraction is { } fraction)
                task.Value = fraction;
            else
                task.IsIndeterminate = true;

            task.Description = Markup.Escape($"{Describe(value.Sums)}; {_pace.Rate(value)}");
        }
    }
}
