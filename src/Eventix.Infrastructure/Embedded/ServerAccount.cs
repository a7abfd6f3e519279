using System.ComponentModel;
using System.Diagnostics;

namespace Eventix.Infrastructure.Embedded;

/// <summary>
/// Who the server runs as. PostgreSQL refuses to run as root, so root hands it to `postgres`, or to `nobody` where there is no such user;
/// everybody else runs it themselves (<see cref="User"/> is null).
/// </summary>
internal sealed record ServerAccount(string? User)
{
    public static ServerAccount Current() => new(Environment.IsPrivilegedProcess ? Unprivileged() : null);

    public override string ToString() => User ?? Environment.UserName;

    /// <summary>Starts a program with its three streams redirected.</summary>
    public Process Start(string program, IEnumerable<string> arguments) => Start(program, arguments, User);

    /// <summary>Gives a folder or file of this process to the account.</summary>
    public async Task TakeOverAsync(string path, CancellationToken cancellationToken)
    {
        if (User is null)
            return;

        var (code, _, error) = await RunAsync("chown", ["-h", User, path], user: null, cancellationToken);
        if (code != 0)
            throw new IOException(error);
    }

    public Task<(int Code, string Output, string Error)> RunAsync(
        string program,
        IEnumerable<string> arguments,
        CancellationToken cancellationToken
    ) => RunAsync(program, arguments, User, cancellationToken);

    private static async Task<(int Code, string Output, string Error)> RunAsync(
        string program,
        IEnumerable<string> arguments,
        string? user,
        CancellationToken cancellationToken
    )
    {
        using var process = Start(program, arguments, user);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);

        return (process.ExitCode, output.Trim(), (await error).Trim());
    }

    private static Process Start(string program, IEnumerable<string> arguments, string? user)
    {
        // The working folder is one that everybody may enter: this process's own may be closed to the account.
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        if (user is not null)
            start.UserName = user;

        // Whoever has set these for psql does not mean this server.
        foreach (var variable in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(variable);

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new IOException($"{program} cannot be started{(user is null ? "" : $" as {user}")}: {exception.Message}", exception);
        }
    }

    private static string Unprivileged() =>
        File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";
}
