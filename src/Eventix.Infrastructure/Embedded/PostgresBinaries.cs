namespace Eventix.Infrastructure.Embedded;

/// <summary>Where this machine keeps the programs of a PostgreSQL server.</summary>
internal static class PostgresBinaries
{
    /// <summary>Names the folder, for machines that keep it where nobody looks.</summary>
    public const string Variable = "EVENTIX_PG_BIN";

    /// <summary>
    /// The folder of `initdb` and `postgres`: EVENTIX_PG_BIN, then PATH, then where Debian, Homebrew and Postgres.app put them, newest first.
    /// Null when there is none.
    /// </summary>
    public static string? Find() => All().FirstOrDefault();

    /// <summary>Every such folder, in the same order: a cluster needs the server of its own major version.</summary>
    public static IEnumerable<string> All() =>
        Candidates().Where(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));

    private static IEnumerable<string> Candidates() =>
        new[] { Environment.GetEnvironmentVariable(Variable) ?? "" }
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            .Where(folder => folder.Length > 0)
            .Concat(NewestFirst("/usr/lib/postgresql", "*"))
            .Concat(NewestFirst("/opt/homebrew/opt", "postgresql*"))
            .Concat(NewestFirst("/usr/local/opt", "postgresql*"))
            .Concat(NewestFirst("/Applications/Postgres.app/Contents/Versions", "*"));

    private static IEnumerable<string> NewestFirst(string root, string pattern) =>
        Directory.Exists(root)
            ? Directory.GetDirectories(root, pattern).OrderByDescending(Version).Select(folder => Path.Combine(folder, "bin"))
            : [];

    /// <summary>`…/postgresql/9.6`, `…/postgresql@17`, `…/Versions/latest`: by number, since 9.6 sorts after 17 as text.</summary>
    private static decimal Version(string folder)
    {
        var name = Path.GetFileName(folder);
        return decimal.TryParse(name[(name.IndexOf('@', StringComparison.Ordinal) + 1)..], out var version) ? version : decimal.MaxValue;
    }
}
