using System.Diagnostics;
using System.Globalization;
using Eventix.Infrastructure.Embedded;
using Eventix.Testing;
using Npgsql;

namespace Eventix.Api.Tests.Embedded;

/// <summary>The real host as a process of its own, in its own process group, on an embedded server.</summary>
public sealed class KilledHostTests : IAsyncDisposable
{
    private readonly string _data = EmbeddedData.NewFolder();
    private readonly List<Process> _hosts = [];

    public KilledHostTests() =>
        Assert.SkipUnless(EmbeddedData.IsTested && OperatingSystem.IsLinux(), "Needs PostgreSQL programs, setsid and /proc.");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            if (!host.HasExited)
                host.Kill();
            host.Dispose();
        }

        await UntilNothingUsesTheFolderAsync();
        EmbeddedData.Delete(_data);
    }

    [Theory]
    [InlineData("KILL", false)]
    [InlineData("KILL", true)]
    [InlineData("TERM", false)]
    [InlineData("INT", true)]
    public async Task The_database_ends_with_its_host_and_the_next_start_finds_what_was_stored(string signal, bool wholeGroup)
    {
        var host = StartHost();
        await ExecuteAsync(await UntilMigratedAsync(host), "INSERT INTO eventix_task (uid, task) VALUES ('kept', 'nobody_runs_this')");

        await SignalAsync(signal, wholeGroup ? -host.Id : host.Id);

        await host.WaitForExitAsync(Cancellation);
        await UntilNothingUsesTheFolderAsync();
        await using var next = await EmbeddedPostgres.StartAsync(_data, cancellationToken: Cancellation);
        (await ReadAsync(next.ConnectionString, "SELECT count(*) FROM eventix_task WHERE uid = 'kept'")).Should().Be(1L);
    }

    [Fact]
    public async Task The_next_start_does_not_have_to_wait_until_the_server_of_a_killed_host_is_gone()
    {
        var host = StartHost();
        await UntilMigratedAsync(host);

        await SignalAsync("KILL", -host.Id);
        await host.WaitForExitAsync(Cancellation);
        await using var next = await EmbeddedPostgres.StartAsync(_data, cancellationToken: Cancellation);

        (await ReadAsync(next.ConnectionString, "SELECT count(*) FROM eventix_task")).Should().Be(0L);
    }

    [Fact]
    public async Task A_host_that_is_killed_while_it_makes_its_cluster_leaves_nothing_that_the_next_start_stumbles_over()
    {
        var host = StartHost();
        await EmbeddedData.EventuallyAsync(
            () => Directory.Exists(Path.Combine(_data, "server", "cluster.new", "base")) || host.HasExited,
            "the cluster is being made"
        );

        await SignalAsync("KILL", -host.Id);

        await UntilNothingUsesTheFolderAsync();
        await using var next = await EmbeddedPostgres.StartAsync(_data, cancellationToken: Cancellation);
        (await ReadAsync(next.ConnectionString, "SELECT 1")).Should().Be(1);
    }

    [Fact]
    public async Task A_second_host_on_the_same_folder_says_so_and_ends()
    {
        var first = StartHost();
        await UntilMigratedAsync(first);

        var second = StartHost();
        var said = await second.StandardError.ReadToEndAsync(Cancellation);
        await second.WaitForExitAsync(Cancellation);

        second.ExitCode.Should().Be(1);
        said.Should().Contain(_data).And.Contain("in use").And.Contain(first.Id.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task SignalAsync(string signal, int process)
    {
        using var kill = Process.Start("kill", ["-s", signal, "--", process.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Cancellation);
        kill.ExitCode.Should().Be(0);
    }

    private static async Task ExecuteAsync(string connectionString, string sql) => await ReadAsync(connectionString, sql);

    private static async Task<object?> ReadAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancellation);
    }

    private Process StartHost()
    {
        // setsid makes the host the leader of its own group, so that a signal to the group does not reach the tests.
        var start = new ProcessStartInfo("setsid", ["dotnet", Path.Combine(AppContext.BaseDirectory, "Eventix.Api.dll"), "--worker"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment.Remove("DATABASE_URL");
        start.Environment["EVENTIX_DATA"] = _data;
        start.Environment["EVENTIX_API_PORT"] = "0";

        var host = Process.Start(start)!;
        host.OutputDataReceived += (_, _) => { };
        host.BeginOutputReadLine();
        _hosts.Add(host);

        return host;
    }

    /// <summary>The connection string of the host's database, as an operator would put it together from the folder.</summary>
    private async Task<string> UntilMigratedAsync(Process host)
    {
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Username = "eventix",
            Database = "eventix",
            Pooling = false,
        };
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(60); await Task.Delay(50, Cancellation))
        {
            if (host.HasExited)
                Assert.Fail($"The host ended with {host.ExitCode}: {await host.StandardError.ReadToEndAsync(Cancellation)}");
            if (!File.Exists(Path.Combine(_data, "port")) || !File.Exists(Path.Combine(_data, "server", "cluster", "postmaster.pid")))
                continue;

            builder.Port = int.Parse(await File.ReadAllTextAsync(Path.Combine(_data, "port"), Cancellation), CultureInfo.InvariantCulture);
            builder.Password = (await File.ReadAllTextAsync(Path.Combine(_data, "password"), Cancellation)).Trim();
            try
            {
                if (await ReadAsync(builder.ConnectionString, "SELECT to_regclass('eventix_task')::text") is string)
                    return builder.ConnectionString;
            }
            catch (NpgsqlException) when (!host.HasExited)
            {
                continue; // not up yet, or the database is not there yet
            }
        }

        throw new TimeoutException("The host has no database after 60 seconds.");
    }

    /// <summary>Looks for the folder's name in the command line of every process: the server, its watchdog, initdb.</summary>
    private Task UntilNothingUsesTheFolderAsync() =>
        EmbeddedData.EventuallyAsync(() => UsersOfTheFolder().Length == 0, "no process has the data folder in its command line");

    private string[] UsersOfTheFolder() =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Where(folder => int.TryParse(Path.GetFileName(folder), out _))
                .Select(CommandLineOf)
                .Where(command => command.Contains(_data, StringComparison.Ordinal)),
        ];

    private static string CommandLineOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return ""; // it has just ended
        }
    }
}
