using System.Diagnostics;
using System.Globalization;
using Eventix.Infrastructure.Persistence;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Eventix.Infrastructure.Embedded;

/// <summary>
/// A private PostgreSQL server for a host that was given no database: durable, on the loopback address only, with a password that
/// was made up for it. It lives in a data folder and as long as this process; if it dies before, it is started again.
/// </summary>
public sealed class EmbeddedPostgres : IAsyncDisposable
{
    /// <summary>Names the data folder.</summary>
    public const string DataVariable = "EVENTIX_DATA";

    private const string Role = "eventix";
    private const string Database = "eventix";
    private const long LogLimit = 10 * 1024 * 1024;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>For a predecessor that is still shutting down; its watchdog gives it a minute.</summary>
    private static readonly TimeSpan PredecessorLimit = TimeSpan.FromSeconds(75);

    /// <summary>For recovery after a crash, which replays up to max_wal_size of log.</summary>
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(5);

    private readonly DataFolder _folder;
    private readonly ServerAccount _account;
    private readonly string _binaries;
    private readonly string _password;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private WatchedProcess? _server;
    private Task _supervision = Task.CompletedTask;
    private int _port;

    private EmbeddedPostgres(DataFolder folder, ServerAccount account, string binaries, string password, ILogger logger)
    {
        _folder = folder;
        _account = account;
        _binaries = binaries;
        _password = password;
        _logger = logger;
    }

    /// <summary>The server's own process id; another one after the server has died and was started again.</summary>
    public int ProcessId => _server?.Id ?? 0;

    /// <summary>In Npgsql's form. Holds the password: never to be logged.</summary>
    public string ConnectionString => To(Database);

    /// <summary>
    /// `/var/lib/eventix/pg` for root, else `eventix/pg` in the user's data folder: `$XDG_DATA_HOME`, `~/.local/share`, or
    /// `~/Library/Application Support`.
    /// </summary>
    public static string DefaultDataFolder()
    {
        if (Environment.IsPrivilegedProcess)
            return "/var/lib/eventix/pg";

        var home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return home.Length > 0
            ? Path.Combine(home, "eventix", "pg")
            : throw new DatabaseException($"This user has no home folder. Say with {DataVariable} where the database is to be kept.");
    }

    /// <summary>Starts the server on a data folder, which is made when there is none. Returns when the database can be used.</summary>
    /// <exception cref="DatabaseException">It cannot be started; the message says why and what to do.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(
        string dataFolder,
        ILogger? logger = null,
        CancellationToken cancellationToken = default
    )
    {
        if (OperatingSystem.IsWindows())
            throw new DatabaseException("On Windows, set DATABASE_URL to a PostgreSQL server: the embedded one is for Linux and macOS.");

        try
        {
            return await OpenAsync(dataFolder, logger ?? NullLogger.Instance, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseException($"The database in {dataFolder} cannot be started: {exception.Message}", exception);
        }
    }

    /// <summary>Shuts the server down in order. Connections that are still open are closed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _supervision;
        if (_server is not null)
            await _server.DisposeAsync();

        _folder.Dispose();
        _stopping.Dispose();
    }

    private static async Task<EmbeddedPostgres> OpenAsync(string dataFolder, ILogger logger, CancellationToken cancellationToken)
    {
        var account = ServerAccount.Current();
        var folder = await DataFolder.OpenAsync(dataFolder, account, cancellationToken);
        try
        {
            var binaries = await ServerBinaries.ForAsync(folder.ClusterVersion(), account, cancellationToken);
            var postgres = new EmbeddedPostgres(folder, account, binaries, folder.Password(), logger);
            await postgres.CreateClusterAsync(cancellationToken);
            await postgres.StartFirstAsync(cancellationToken);
            return postgres;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private async Task CreateClusterAsync(CancellationToken cancellationToken)
    {
        var passwordForInitdb = Path.Combine(_folder.Server, "initdb.password");
        File.Delete(passwordForInitdb);
        if (Directory.Exists(_folder.UnfinishedCluster))
            Directory.Delete(_folder.UnfinishedCluster, recursive: true);
        if (Directory.Exists(_folder.Cluster))
            return;

        _logger.LogInformation("Making a database in {Folder}", _folder.Path);
        DataFolder.Write(passwordForInitdb, _password);
        await _account.TakeOverAsync(passwordForInitdb, cancellationToken);

        var from = LogLength();
        await using (
            var initdb = await WatchedProcess.StartAsync(
                _account,
                _folder.Log,
                "TERM",
                Path.Combine(_binaries, "initdb"),
                [
                    $"--pgdata={_folder.UnfinishedCluster}",
                    $"--username={Role}",
                    $"--pwfile={passwordForInitdb}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                ],
                cancellationToken
            )
        )
        {
            await initdb.Exited.WaitAsync(cancellationToken);
            File.Delete(passwordForInitdb);
            if (initdb.ExitCode != 0)
                throw Failure("A database cannot be made", from);
        }

        Directory.Move(_folder.UnfinishedCluster, _folder.Cluster);
    }

    private async Task StartFirstAsync(CancellationToken cancellationToken)
    {
        await WaitForPredecessorAsync(cancellationToken);

        // Between the look and the server's own bind another program may take the port; then the next one is tried.
        for (var attempt = 1; _server is null; attempt++)
        {
            _port = _folder.FreePort();
            var from = LogLength();
            try
            {
                _server = await StartServerAsync(cancellationToken);
            }
            catch (DatabaseException) when (attempt < 5 && LogSince(from).Contains("could not bind", StringComparison.Ordinal))
            {
                _logger.LogInformation("Port {Port} was taken by another program", _port);
            }
        }

        try
        {
            await CreateDatabaseAsync(cancellationToken);
        }
        catch
        {
            await _server.DisposeAsync();
            throw;
        }

        _supervision = SuperviseAsync();
    }

    /// <summary>
    /// A host that was killed leaves its server shutting down. The wait is only there to keep the port; PostgreSQL itself decides whether
    /// the folder is free. A file left behind by a crash whose process number now belongs to some other program would make it refuse for
    /// ever: since the lock is ours, that file is stale.
    /// </summary>
    private async Task WaitForPredecessorAsync(CancellationToken cancellationToken)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < PredecessorLimit; await Task.Delay(Poll, cancellationToken))
        {
            var (process, _) = ReadPostmasterFile();
            if (process == 0 || ProcessName(process) is not { } name)
                return;

            if (!name.StartsWith("postgres", StringComparison.Ordinal) && !name.StartsWith("postmaster", StringComparison.Ordinal))
            {
                File.Delete(_folder.PostmasterFile);
                return;
            }
        }
    }

    private async Task<WatchedProcess> StartServerAsync(CancellationToken cancellationToken)
    {
        TrimLog();
        var from = LogLength();
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(Poll, cancellationToken))
        {
            var server = await WatchedProcess.StartAsync(
                _account,
                _folder.Log,
                "INT",
                Path.Combine(_binaries, "postgres"),
                Arguments(),
                cancellationToken
            );
            var ready = false;
            try
            {
                ready = await IsReadyAsync(server, from, cancellationToken);
            }
            finally
            {
                if (!ready)
                    await server.DisposeAsync();
            }

            if (ready)
                return server;

            // PostgreSQL removes the file that it made itself: one that is there belongs to a predecessor, whose processes may still be going.
            if (!File.Exists(_folder.PostmasterFile) || waited.Elapsed > PredecessorLimit)
                throw Failure("The database server does not start", from);
        }
    }

    private string[] Arguments() =>
        [
            "-D",
            _folder.Cluster,
            "-p",
            _port.ToString(CultureInfo.InvariantCulture),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            // What a client was told is stored is stored: said here, so that no line in a configuration file says otherwise.
            "-c",
            "fsync=on",
            "-c",
            "full_page_writes=on",
            "-c",
            "synchronous_commit=on",
            "-c",
            "max_connections=200",
            "-c",
            "log_destination=stderr",
            "-c",
            "logging_collector=off",
            "-c",
            "lc_messages=C",
        ];

    /// <summary>False when the server has ended instead.</summary>
    private async Task<bool> IsReadyAsync(WatchedProcess server, long logFrom, CancellationToken cancellationToken)
    {
        var told = false;
        for (var waited = Stopwatch.StartNew(); !server.Exited.IsCompleted; await Task.Delay(Poll, cancellationToken))
        {
            var (process, state) = ReadPostmasterFile();
            if (process == server.Id && state == "ready")
                return true;

            if (waited.Elapsed > ReadyLimit)
                throw Failure($"The database server is not ready after {ReadyLimit.TotalMinutes} minutes", logFrom);

            if (!told && waited.Elapsed > TimeSpan.FromSeconds(5))
            {
                told = true;
                _logger.LogInformation("The database server is recovering; its log is {Log}", _folder.Log);
            }
        }

        return false;
    }

    private async Task CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        const string Exists = "SELECT 1 FROM pg_database WHERE datname = 'eventix'";
        const string Create = "CREATE DATABASE eventix TEMPLATE template0";

        try
        {
            await using var source = NpgsqlDataSource.Create(To("postgres") + ";Pooling=false");
            await using var exists = source.CreateCommand(Exists);
            if (await exists.ExecuteScalarAsync(cancellationToken) is null)
            {
                await using var create = source.CreateCommand(Create);
                await create.ExecuteNonQueryAsync(cancellationToken);
            }
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            throw new DatabaseException($"The password in {_folder.PasswordFile} is not the one of the cluster beside it.", exception);
        }
        catch (NpgsqlException exception)
        {
            throw new DatabaseException($"The database in {_folder.Path} cannot be used: {exception.Message}", exception);
        }
    }

    /// <summary>Starts a server that was killed again, on the same port, so that connection pools find it by themselves.</summary>
    private async Task SuperviseAsync()
    {
        try
        {
            while (true)
            {
                await _server!.Exited.WaitAsync(_stopping.Token);
                _logger.LogError("The database server ended with code {Code}; its log is {Log}", _server.ExitCode, _folder.Log);
                await _server.DisposeAsync();
                _server = null;

                for (
                    var pause = TimeSpan.FromSeconds(1);
                    _server is null;
                    pause = TimeSpan.FromSeconds(Math.Min(pause.TotalSeconds * 2, 30))
                )
                {
                    try
                    {
                        _server = await StartServerAsync(_stopping.Token);
                        _logger.LogInformation("The database server runs again");
                    }
                    catch (Exception exception) when (exception is DatabaseException or IOException or UnauthorizedAccessException)
                    {
                        _logger.LogError(exception, "The database server cannot be started again; next try in {Pause}", pause);
                        await Task.Delay(pause, _stopping.Token);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            _logger.LogDebug("The database server is being stopped");
        }
    }

    /// <summary>No TLS and no Kerberos on the loopback, and no password for a stranger who answers on our port in plain text.</summary>
    private string To(string database) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = _port,
            Username = Role,
            Password = _password,
            Database = database,
            SslMode = SslMode.Disable,
            GssEncryptionMode = GssEncryptionMode.Disable,
            RequireAuth = "ScramSHA256",
        }.ConnectionString;

    /// <summary>Process and state from `postmaster.pid`: the first line and the eighth. 0 when there is no such file, or not yet all of it.</summary>
    private (int Process, string State) ReadPostmasterFile()
    {
        try
        {
            var lines = File.ReadAllLines(_folder.PostmasterFile);
            return lines.Length > 0 && int.TryParse(lines[0], out var process)
                ? (Math.Abs(process), lines.ElementAtOrDefault(7)?.Trim() ?? "")
                : (0, "");
        }
        catch (FileNotFoundException)
        {
            return (0, "");
        }
    }

    private static string? ProcessName(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return process.ProcessName;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return null; // there is no such process
        }
    }

    private DatabaseException Failure(string what, long logFrom)
    {
        var lines = LogSince(logFrom).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return new DatabaseException($"{what}. The end of its log, {_folder.Log}:\n{string.Join('\n', lines.TakeLast(15))}");
    }

    private void TrimLog()
    {
        if (LogLength() > LogLimit)
            File.Move(_folder.Log, _folder.Log + ".1", overwrite: true);
    }

    private long LogLength() => File.Exists(_folder.Log) ? new FileInfo(_folder.Log).Length : 0;

    private string LogSince(long position)
    {
        if (!File.Exists(_folder.Log))
            return "";

        using var stream = new FileStream(_folder.Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        stream.Seek(position, SeekOrigin.Begin);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
