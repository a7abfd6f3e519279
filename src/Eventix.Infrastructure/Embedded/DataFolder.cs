using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Eventix.Infrastructure.Persistence;

namespace Eventix.Infrastructure.Embedded;

/// <summary>
/// What the embedded server keeps, held by one process at a time. Of this process: `lock`, `host.pid`, `password`, `port`. Of the
/// account that the server runs as: `server/`, with the cluster and the log.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Reachable =
        Private | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>What flock answers when another process holds the lock: EWOULDBLOCK, on Linux and on macOS.</summary>
    private static readonly int[] HeldByAnother = [11, 35];

    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(2);

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    public string Server => In("server");

    public string Cluster => In("server/cluster");

    /// <summary>Where a cluster is made; it gets its name when it is complete, so one that was broken off is never taken for a cluster.</summary>
    public string UnfinishedCluster => In("server/cluster.new");

    public string Log => In("server/server.log");

    public string PasswordFile => In("password");

    /// <summary>While the server runs: its process, port and state. After a crash it stays behind.</summary>
    public string PostmasterFile => System.IO.Path.Combine(Cluster, "postmaster.pid");

    /// <summary>Makes the folder if need be and takes it for this process.</summary>
    public static async Task<DataFolder> OpenAsync(string path, ServerAccount account, CancellationToken cancellationToken)
    {
        path = System.IO.Path.GetFullPath(path);
        Make(path, account.User is null ? Private : Reachable);

        var folder = new DataFolder(path, await TakeAsync(path, cancellationToken));
        try
        {
            await File.WriteAllTextAsync(folder.In("host.pid"), $"{Environment.ProcessId}\n", cancellationToken);
            await folder.PrepareAsync(account, cancellationToken);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The major version of the cluster, such as 17; null when there is no cluster yet.</summary>
    public int? ClusterVersion()
    {
        if (!Directory.Exists(Cluster))
            return null;

        var file = System.IO.Path.Combine(Cluster, "PG_VERSION");
        return File.Exists(file) && int.TryParse(File.ReadAllText(file), out var major)
            ? major
            : throw new DatabaseException(
                $"{Cluster} is not a PostgreSQL cluster. Move it away, or choose another data folder (EVENTIX_DATA)."
            );
    }

    /// <summary>The password of the cluster's only role; made up, and on disk, before there is a cluster.</summary>
    public string Password()
    {
        if (File.Exists(PasswordFile))
            return File.ReadAllText(PasswordFile).Trim();

        if (Directory.Exists(Cluster))
        {
            throw new DatabaseException(
                $"{PasswordFile} is missing, and without it nobody can log in to the cluster beside it. Put it back, or move {Path} away to start anew."
            );
        }

        var password = RandomNumberGenerator.GetHexString(48, lowercase: true);
        Write(PasswordFile + ".new", password);
        File.Move(PasswordFile + ".new", PasswordFile);

        return password;
    }

    /// <summary>The port of the last run if it is still free, else one that is.</summary>
    public int FreePort()
    {
        var file = In("port");
        if (File.Exists(file) && int.TryParse(File.ReadAllText(file), out var port) && IsFree(port))
            return port;

        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        File.WriteAllText(file, $"{port}\n");

        return port;
    }

    /// <summary>Writes a file that only this user can read, through to the disk.</summary>
    public static void Write(string file, string text)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException();

        File.Delete(file);
        using var stream = new FileStream(
            file,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew, // never through a link that somebody has put there
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }
        );
        using var writer = new StreamWriter(stream);
        writer.WriteLine(text);
        writer.Flush();
        stream.Flush(flushToDisk: true);
    }

    public void Dispose()
    {
        File.Delete(In("host.pid"));
        _lock.Dispose();
    }

    private static void Make(string folder, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException();

        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, mode); // whatever the umask
        }
    }

    /// <summary>Waits a moment for a predecessor that is just ending; a killed one holds its lock until the kernel has cleared it away.</summary>
    private static async Task<FileStream> TakeAsync(string path, CancellationToken cancellationToken)
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(100, cancellationToken))
        {
            try
            {
                return new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException exception) when (HeldByAnother.Contains(exception.HResult))
            {
                if (waited.Elapsed < LockPatience)
                    continue;

                var holder = System.IO.Path.Combine(path, "host.pid");
                var process = File.Exists(holder) ? $" (process {(await File.ReadAllTextAsync(holder, cancellationToken)).Trim()})" : "";
                throw new DatabaseException(
                    $"The data folder {path} is in use by another Eventix host{process}. Stop that one, or choose another folder with EVENTIX_DATA (build/run: --data DIR).",
                    exception
                );
            }
        }
    }

    private async Task PrepareAsync(ServerAccount account, CancellationToken cancellationToken)
    {
        if (account.User is not null && !await MayAsync("cd \"$0\"", Path))
        {
            throw new DatabaseException(
                $"PostgreSQL does not run as root, so its server runs as {account}, and {account} cannot reach {Path}. Choose a folder that everybody may pass through with EVENTIX_DATA (build/run: --data DIR), for example /var/lib/eventix/pg."
            );
        }

        if (!Directory.Exists(Server))
        {
            Make(Server, Private);
            await account.TakeOverAsync(Server, cancellationToken);
        }

        if (!await MayAsync("test -O \"$0\" && cd \"$0\"", Server))
            throw new DatabaseException(
                $"The server runs as {account}, but {Server} belongs to another user. Make it theirs with: chown -R {account} '{Server}'"
            );

        async Task<bool> MayAsync(string test, string folder) =>
            (await account.RunAsync("/bin/sh", ["-c", test, folder], cancellationToken)).Code == 0;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
