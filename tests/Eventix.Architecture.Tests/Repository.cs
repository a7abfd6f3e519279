using System.Reflection;

namespace Eventix.Architecture.Tests;

/// <summary>The source tree that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)!);

    /// <summary>Written source, without what the compiler makes, relative to the root.</summary>
    public static IEnumerable<string> SourceFiles() =>
        Directory.GetFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Root, file));

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "Eventix.sln"))
            ? folder
            : Find(
                Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run from within the repository.")
            );
}
