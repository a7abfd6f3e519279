using System.Diagnostics;
using Xunit;

namespace Eventix.Testing;

/// <summary>What tests of the embedded server need: a data folder, and a look at the processes that belong to it.</summary>
public static class EmbeddedData
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Whether the embedded server is to be tested here: where PostgreSQL is installed, and in CI in any case.</summary>
    public static bool IsTested => PostgresCluster.IsAvailable || Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>A folder that is not there yet, and that the server's user can reach.</summary>
    public static string NewFolder() => "/tmp/evx-data-" + Path.GetRandomFileName()[..8];

    public static void Delete(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        else
            File.Delete(folder);
    }

    public static UnixFileMode ModeOf(string path) =>
        OperatingSystem.IsWindows() ? throw new PlatformNotSupportedException() : File.GetUnixFileMode(path);

    public static bool IsRunning(int process)
    {
        try
        {
            using var running = Process.GetProcessById(process);
            return !running.HasExited;
        }
        catch (ArgumentException)
        {
            return false; // there is no such process
        }
    }

    public static async Task EventuallyAsync(Func<bool> condition, string what)
    {
        for (var waited = Stopwatch.StartNew(); !condition(); await Task.Delay(50, TestContext.Current.CancellationToken))
        {
            if (waited.Elapsed > Patience)
                throw new TimeoutException($"Not so after {Patience.TotalSeconds} seconds: {what}.");
        }
    }
}
