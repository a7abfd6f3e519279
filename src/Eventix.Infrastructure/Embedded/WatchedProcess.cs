using System.Diagnostics;
using System.Globalization;

namespace Eventix.Infrastructure.Embedded;

/// <summary>
/// A program that does not outlive this process, however this process ends: a shell in a session of its own holds the read end of a pipe,
/// and when the kernel closes the other end it asks the program to stop.
/// </summary>
internal sealed class WatchedProcess : IAsyncDisposable
{
    // A session of its own: neither Ctrl-C in a terminal nor `kill -9` of this process's group reaches the shell and the program, so they see
    // the pipe close and end in order. macOS has no setsid command, but it has Perl. With neither, the program dies with the group, like
    // after a power cut.
    private const string InOwnSession = """
        if command -v setsid >/dev/null 2>&1; then exec setsid "$@"; fi
        if command -v perl >/dev/null 2>&1; then exec perl -e 'use POSIX; POSIX::setsid(); exec @ARGV' "$@"; fi
        exec "$@"
        """;

    // $1 log, $2 signal, then the program. `read` is part of the shell: no further process waits on the pipe. The signal is repeated, since a
    // shell starts its background programs with SIGINT ignored: one that comes before the program has set its handlers is lost. A program
    // that has not ended after a minute gets SIGQUIT; PostgreSQL then recovers at its next start.
    private const string Watch = """
        log=$1; signal=$2; shift 2
        exec 3<&0 </dev/null 2>>"$log"
        "$@" 3<&- >>"$log" &
        program=$!
        echo "$program"
        (
            while read -r line <&3; do :; done
            seconds=0
            while [ "$seconds" -lt 60 ] && kill -s "$signal" "$program" 2>/dev/null; do sleep 1; seconds=$((seconds + 1)); done
            kill -s QUIT "$program" 2>/dev/null
        ) >/dev/null &
        watch=$!
        exec 3<&- >/dev/null
        wait "$program"; code=$?
        kill "$watch" 2>/dev/null
        exit "$code"
        """;

    private readonly Process _shell;

    private WatchedProcess(Process shell, int id)
    {
        _shell = shell;
        Id = id;
        Exited = shell.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>The program's own process id.</summary>
    public int Id { get; }

    public Task Exited { get; }

    public int ExitCode => _shell.ExitCode;

    /// <summary>Starts a program as <paramref name="account"/>; what it prints is added to <paramref name="log"/>.</summary>
    /// <param name="signal">What asks the program to stop, as `kill -s` takes it.</param>
    public static async Task<WatchedProcess> StartAsync(
        ServerAccount account,
        string log,
        string signal,
        string program,
        IEnumerable<string> arguments,
        CancellationToken cancellationToken
    )
    {
        var shell = account.Start(
            "/bin/sh",
            ["-c", InOwnSession, "sh", "/bin/sh", "-c", Watch, "eventix-watch", log, signal, program, .. arguments]
        );
        try
        {
            var id = await shell.StandardOutput.ReadLineAsync(cancellationToken);
            if (!int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                throw new IOException($"{program} was not started: {await shell.StandardError.ReadToEndAsync(cancellationToken)}");

            return new WatchedProcess(shell, number);
        }
        catch
        {
            shell.StandardInput.Close();
            shell.Dispose();
            throw;
        }
    }

    /// <summary>Asks the program to stop and returns when it has.</summary>
    public async ValueTask DisposeAsync()
    {
        _shell.StandardInput.Close();
        await Exited;
        _shell.Dispose();
    }
}
