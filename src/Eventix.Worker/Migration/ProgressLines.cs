using System.Diagnostics;

namespace Eventix.Worker.Migration;

/// <summary>A line on standard error every few seconds, so that a long run is seen to go on.</summary>
internal sealed class ProgressLines<T>(Func<T, string> line) : IProgress<T>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

    public void Report(T value)
    {
        if (_sinceLast.Elapsed < Pause)
            return;

        _sinceLast.Restart();
        Console.Error.WriteLine(line(value));
    }
}
