using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Eventix.Infrastructure.Embedded;
using Npgsql;

namespace Eventix.Testing;

/// <summary>
/// A private PostgreSQL in a folder of its own, reached by a socket in it. It ends with this process, however this process ends, and takes its
/// folder with it.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    // The shell waits for the end of its standard input, which comes even when this process is killed with -9. A line in it asks for a stop
    // that keeps the folder ($2, behind -D). Ctrl+C goes to the whole group: only this process is to act on it.
    private const string Watchdog = """
        trap '' INT TERM
        "$0" "$@" </dev/null &
        read -r keep
        kill -QUIT $! 2>/dev/null
        wait $!
        [ -n "$keep" ] || rm -rf "$2"
        """;

    private readonly string _binaries;
    private readonly string _folder;
    private readonly bool _durable;
    private readonly IReadOnlyList<string> _settings;
    private readonly ConcurrentQueue<string> _log = new();
    private Process? _watchdog;

    private PostgresCluster(string binaries, bool durable, IReadOnlyList<string> settings)
    {
        _binaries = binaries;
        _durable = durable;
        _settings = settings;

        // Short, since the path of a socket has at most 107 bytes (103 on macOS), which the temporary folder of macOS nearly fills.
        _folder = "/tmp/evx-" + Path.GetRandomFileName()[..8];
    }

    /// <summary>Of the database `postgres`, as superuser.</summary>
    public string ConnectionString => $"Host={_folder};Port=5432;Username=postgres;Database=postgres";

    /// <summary>Whether this machine has what <see cref="StartAsync"/> needs.</summary>
    public static bool IsAvailable => PostgresBinaries.Find() is not null;

    /// <param name="durable">False for speed; true for tests that kill the server and look what is left.</param>
    /// <exception cref="InvalidOperationException">The machine has no PostgreSQL, or it does not start; the message says why.</exception>
    public static Task<PostgresCluster> StartAsync(bool durable = false, CancellationToken cancellationToken = default) =>
        StartAsync(durable, settings: [], cancellationToken);

    /// <inheritdoc cref="StartAsync(bool, CancellationToken)"/>
    /// <param name="settings">Lines such as `shared_buffers=1GB`; they win over what is set here.</param>
    public static async Task<PostgresCluster> StartAsync(
        bool durable,
        IReadOnlyList<string> settings,
        CancellationToken cancellationToken = default
    )
    {
        var binaries =
            PostgresBinaries.Find()
            ?? throw new InvalidOperationException(
                $"No PostgreSQL programs on this machine. Install them, or set {PostgresBinaries.Variable}."
            );
        var cluster = new PostgresCluster(binaries, durable, settings);

        await cluster.InitialiseAsync(cancellationToken);
        await cluster.RestartAsync(cancellationToken);

        return cluster;
    }

    /// <summary>Kills every process of the server with -9, as a power cut would, and waits until they are gone.</summary>
    public async Task KillAsync(CancellationToken cancellationToken = default)
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(_folder, "postmaster.pid"), cancellationToken);
        using var postmaster = Process.GetProcessById(int.Parse(lines[0], CultureInfo.InvariantCulture));

        postmaster.Kill(entireProcessTree: true);
        await StopAsync(keepFolder: true, cancellationToken);
    }

    /// <summary>Starts the server on its folder, stopping it before when it runs.</summary>
    /// <exception cref="InvalidOperationException">It does not start; the message has its last lines.</exception>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await StopAsync(keepFolder: true, cancellationToken);

        string[] settings = _durable
            ? ["fsync=on", "synchronous_commit=on", "full_page_writes=on"]
            : ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=4GB"];
        string[] all =
        [
            .. settings,
            "listen_addresses=",
            "unix_socket_directories=" + _folder,
            "max_connections=200",
            "shared_buffers=128MB",
            "log_min_messages=error",
            .. _settings,
        ];

        _watchdog = Start(
            "/bin/sh",
            [
                "-c",
                Watchdog,
                Path.Combine(_binaries, "postgres"),
                "-D",
                _folder,
                "-p",
                "5432",
                .. all.SelectMany(setting => new[] { "-c", setting }),
            ]
        );
        await WaitUntilItAnswersAsync(_watchdog, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(keepFolder: false, CancellationToken.None);

        // After a kill without a restart there is no shell left to do it.
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private async Task InitialiseAsync(CancellationToken cancellationToken)
    {
        // initdb makes the folder itself, so it belongs to the user that the server runs as.
        using var initdb = Start(
            Path.Combine(_binaries, "initdb"),
            ["-D", _folder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        );
        await initdb.WaitForExitAsync(cancellationToken);
        if (initdb.ExitCode != 0)
            throw new InvalidOperationException($"initdb failed: {Log()}");
    }

    private async Task WaitUntilItAnswersAsync(Process server, CancellationToken cancellationToken)
    {
        var patience = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false;Timeout=5");
                await connection.OpenAsync(cancellationToken);
                return;
            }
            catch (NpgsqlException) when (!server.HasExited && patience.Elapsed < TimeSpan.FromSeconds(60))
            {
                await Task.Delay(20, cancellationToken);
            }
            catch (NpgsqlException failure)
            {
                throw new InvalidOperationException($"PostgreSQL does not start: {Log()}", failure);
            }
        }
    }

    private async Task StopAsync(bool keepFolder, CancellationToken cancellationToken)
    {
        if (_watchdog is not { } watchdog)
            return;

        _watchdog = null;
        if (keepFolder)
            await watchdog.StandardInput.WriteLineAsync("keep".AsMemory(), cancellationToken);

        watchdog.StandardInput.Close();
        await watchdog.WaitForExitAsync(cancellationToken);
        watchdog.Dispose();
    }

    private Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // PostgreSQL refuses to run as root.
        if (Environment.IsPrivilegedProcess)
            start.UserName = File.ReadLines("/etc/passwd").Any(user => user.StartsWith("postgres:", StringComparison.Ordinal))
                ? "postgres"
                : "nobody";

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start.");
        process.OutputDataReceived += (_, line) => Remember(line.Data);
        process.ErrorDataReceived += (_, line) => Remember(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        return process;
    }

    private void Remember(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;

        _log.Enqueue(line);
        if (_log.Count > 20)
            _log.TryDequeue(out _);
    }

    private string Log() => string.Join('\n', _log);
}
