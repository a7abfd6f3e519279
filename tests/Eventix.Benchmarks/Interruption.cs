using System.Runtime.InteropServices;

namespace Eventix.Benchmarks;

/// <summary>Ctrl+C, or `kill`: nothing more is begun, and what was measured so far is still written. The second one ends the process.</summary>
internal static class Interruption
{
    private static readonly CancellationTokenSource Requested = new();

    public static CancellationToken Token => Requested.Token;

    /// <summary>Listens until it is disposed.</summary>
    public static IDisposable Listen()
    {
        var signals = new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM };

        return new Registrations([.. signals.Select(signal => PosixSignalRegistration.Create(signal, Take))]);
    }

    private static void Take(PosixSignalContext context)
    {
        if (Requested.IsCancellationRequested)
            return;

        context.Cancel = true;
        Requested.Cancel();
    }

    private sealed class Registrations(IReadOnlyList<IDisposable> all) : IDisposable
    {
        public void Dispose()
        {
            foreach (var one in all)
                one.Dispose();
        }
    }
}
