using System.Globalization;
using System.Text.RegularExpressions;
using Eventix.Infrastructure.Persistence;

namespace Eventix.Infrastructure.Embedded;

/// <summary>The binaries that fit a cluster: a server opens only clusters of its own major version.</summary>
internal static partial class ServerBinaries
{
    /// <summary>The folder of the binaries for a cluster of this major version, or for a new one.</summary>
    public static async Task<string> ForAsync(int? clusterVersion, ServerAccount account, CancellationToken cancellationToken)
    {
        var preferred =
            PostgresBinaries.Find()
            ?? throw new DatabaseException(
                $"There is no PostgreSQL server on this machine. Install it (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql@17), or set DATABASE_URL to one that runs elsewhere, or {PostgresBinaries.Variable} to the folder of initdb and postgres."
            );
        var version = await VersionAsync(preferred, account, cancellationToken);
        if (clusterVersion is not { } wanted || version == wanted)
            return preferred;

        foreach (var folder in PostgresBinaries.All())
        {
            if (await VersionAsync(folder, account, cancellationToken) == wanted)
                return folder;
        }

        throw new DatabaseException(
            $"The data folder was made by PostgreSQL {wanted}, and this machine has {version}. Install PostgreSQL {wanted} beside it (Debian, Ubuntu: apt-get install postgresql-{wanted}), or move the data with pg_upgrade."
        );
    }

    private static async Task<int> VersionAsync(string folder, ServerAccount account, CancellationToken cancellationToken)
    {
        var (code, output, error) = await account.RunAsync(Path.Combine(folder, "postgres"), ["--version"], cancellationToken);

        return code == 0 && Major().Match(output) is { Success: true } major
            ? int.Parse(major.Groups["major"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture)
            : throw new DatabaseException($"{folder}/postgres cannot be run by {account}: {error}");
    }

    // postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1), 18beta1
    [GeneratedRegex(@"\) (?<major>\d+)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Major();
}
