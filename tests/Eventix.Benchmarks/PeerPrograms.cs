using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using Eventix.Testing;

namespace Eventix.Benchmarks;

/// <summary>The peers that run on node, where `npm ci` has put them.</summary>
internal static class PeerPrograms
{
    public static string Folder { get; } =
        typeof(PeerPrograms).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == "PeersFolder").Value!;

    public static bool AreInstalled => Directory.Exists(Path.Combine(Folder, "node_modules", "graphile-worker"));

    /// <summary>The version of node; null when there is none on the PATH.</summary>
    public static async Task<string?> NodeAsync()
    {
        try
        {
            await using var node = HostProcess.StartProgram("node", ["--version"], []);
            await node.WaitForExitAsync(TimeSpan.FromSeconds(30));

            return node.Output.Trim();
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    public static IEnumerable<string> Versions() =>
        AreInstalled ? new[] { "graphile-worker", "pg-boss", "pg" }.Select(package => $"{package} {Version(package)}") : [];

    private static string? Version(string package)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "node_modules", package, "package.json")));
        return json.RootElement.GetProperty("version").GetString();
    }
}
