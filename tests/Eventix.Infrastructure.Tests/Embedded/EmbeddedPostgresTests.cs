using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Eventix.Infrastructure.Embedded;
using Eventix.Infrastructure.Persistence;
using Eventix.Testing;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Embedded;

public sealed class EmbeddedPostgresTests(EmbeddedPostgresTests.MadeOnce made) : IClassFixture<EmbeddedPostgresTests.MadeOnce>, IDisposable
{
    // Most tests leave a folder behind that the next one can use; those that break something get one of their own.
    private string _data = made.Folder;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Cluster => Path.Combine(_data, "server", "cluster");

    public void Dispose()
    {
        if (_data != made.Folder)
            EmbeddedData.Delete(_data);
    }

    [Fact]
    public async Task A_first_start_makes_the_folder_and_the_database()
    {
        _data = EmbeddedData.NewFolder();

        await using var postgres = await StartAsync();

        (await ReadAsync(postgres, "SELECT current_database()::text")).Should().Be("eventix");
    }

    [Fact]
    public async Task What_was_stored_is_there_after_a_stop_and_a_start()
    {
        await using (var first = await StartAsync())
            await ExecuteAsync(first, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer");

        await using var second = await StartAsync();

        (await ReadAsync(second, "SELECT answer FROM kept")).Should().Be(42);
    }

    [Fact]
    public async Task Nothing_runs_after_a_stop()
    {
        int server;
        await using (var postgres = await StartAsync())
        {
            server = postgres.ProcessId;
            EmbeddedData.IsRunning(server).Should().BeTrue();
        }

        EmbeddedData.IsRunning(server).Should().BeFalse();
        File.Exists(Path.Combine(Cluster, "postmaster.pid")).Should().BeFalse("it was an orderly stop");
    }

    [Fact]
    public async Task The_password_is_long_and_for_its_owner_only()
    {
        await using var postgres = await StartAsync();

        var file = Path.Combine(_data, "password");
        (await File.ReadAllTextAsync(file, Cancellation)).Trim().Should().HaveLength(48).And.Be(PasswordOf(postgres));
        EmbeddedData.ModeOf(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        EmbeddedData.ModeOf(Cluster).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task Nobody_gets_in_without_the_password()
    {
        await using var postgres = await StartAsync();
        var wrong = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Password = "guessed", Pooling = false };
        await using var connection = new NpgsqlConnection(wrong.ConnectionString);

        var attempt = () => connection.OpenAsync(Cancellation);

        (await attempt.Should().ThrowAsync<PostgresException>()).Which.SqlState.Should().Be(PostgresErrorCodes.InvalidPassword);
    }

    [Fact]
    public async Task The_server_is_private_and_durable_whatever_its_file_says()
    {
        _data = await made.CopyAsync();
        await File.AppendAllTextAsync(
            Path.Combine(Cluster, "postgresql.conf"),
            "listen_addresses = '*'\nunix_socket_directories = '/tmp'\nfsync = off\nfull_page_writes = off\nsynchronous_commit = off\n",
            Cancellation
        );

        await using var postgres = await StartAsync();

        const string Settings = """
            SELECT string_agg(name || '=' || setting, ' ' ORDER BY name)
            FROM pg_settings
            WHERE name IN ('listen_addresses', 'unix_socket_directories', 'fsync', 'full_page_writes', 'synchronous_commit')
            """;
        (await ReadAsync(postgres, Settings))
            .Should()
            .Be("fsync=on full_page_writes=on listen_addresses=127.0.0.1 synchronous_commit=on unix_socket_directories=");
    }

    [Fact]
    public async Task A_second_host_on_the_same_folder_is_refused_and_told_who_has_it()
    {
        await using var first = await StartAsync();

        var second = StartAsync;

        (await second.Should().ThrowAsync<DatabaseException>()).WithMessage(
            $"*{_data}*in use*process {Environment.ProcessId}*EVENTIX_DATA*"
        );
        (await ReadAsync(first, "SELECT 1")).Should().Be(1, "the first one is left alone");
    }

    [Fact]
    public async Task A_cluster_that_was_broken_off_while_it_was_made_is_made_anew()
    {
        _data = await made.CopyAsync();
        Directory.Move(Cluster, Cluster + ".new");
        File.Delete(Path.Combine(Cluster + ".new", "PG_VERSION"));

        await using var postgres = await StartAsync();

        (await ReadAsync(postgres, "SELECT current_database()::text")).Should().Be("eventix");
        Directory.Exists(Cluster + ".new").Should().BeFalse();
    }

    [Fact]
    public async Task The_port_stays_the_same_from_run_to_run()
    {
        int port;
        await using (var first = await StartAsync())
            port = PortOf(first);

        await using var second = await StartAsync();

        PortOf(second).Should().Be(port);
    }

    [Fact]
    public async Task Another_port_is_taken_when_the_last_one_is_in_use()
    {
        int port;
        await using (var first = await StartAsync())
            port = PortOf(first);
        using var stranger = new TcpListener(IPAddress.Loopback, port);
        stranger.Start();

        await using var second = await StartAsync();

        PortOf(second).Should().NotBe(port);
        (await ReadAsync(second, "SELECT 1")).Should().Be(1);
    }

    [Fact]
    public async Task A_server_that_is_killed_runs_again_with_what_was_stored()
    {
        await using var postgres = await StartAsync();
        await ExecuteAsync(postgres, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer");
        var killed = postgres.ProcessId;

        using (var server = Process.GetProcessById(killed))
            server.Kill();

        await EmbeddedData.EventuallyAsync(() => postgres.ProcessId is var now && now != 0 && now != killed, "the server runs again");
        (await ReadAsync(postgres, "SELECT answer FROM kept")).Should().Be(42);
    }

    [Fact]
    public async Task A_pid_file_left_by_a_crash_does_not_stop_the_next_start_when_its_number_belongs_to_another_program()
    {
        var stale = new[]
        {
            Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
            Cluster,
            "1",
            "1",
            "",
            "127.0.0.1",
            "0",
            "ready",
        };
        await File.WriteAllLinesAsync(Path.Combine(Cluster, "postmaster.pid"), stale, Cancellation);

        await using var postgres = await StartAsync();

        (await ReadAsync(postgres, "SELECT 1")).Should().Be(1);
    }

    [Fact]
    public async Task A_server_that_does_not_start_tells_the_end_of_its_log()
    {
        _data = await made.CopyAsync();
        await File.AppendAllTextAsync(Path.Combine(Cluster, "postgresql.conf"), "no_such_setting = 1\n", Cancellation);

        var start = StartAsync;

        (await start.Should().ThrowAsync<DatabaseException>()).WithMessage("*server.log*no_such_setting*");
    }

    [Fact]
    public async Task A_cluster_of_a_version_that_is_not_installed_is_refused_by_name()
    {
        _data = await made.CopyAsync();
        await File.WriteAllTextAsync(Path.Combine(Cluster, "PG_VERSION"), "8\n", Cancellation);

        var start = StartAsync;

        (await start.Should().ThrowAsync<DatabaseException>()).WithMessage("*made by PostgreSQL 8*Install PostgreSQL 8*");
    }

    [Fact]
    public async Task A_missing_password_is_told_and_no_new_one_is_made_up()
    {
        _data = await made.CopyAsync();
        File.Delete(Path.Combine(_data, "password"));

        var start = StartAsync;

        (await start.Should().ThrowAsync<DatabaseException>()).WithMessage($"*{Path.Combine(_data, "password")} is missing*");
        File.Exists(Path.Combine(_data, "password")).Should().BeFalse();
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_named()
    {
        _data = EmbeddedData.NewFolder();
        await File.WriteAllTextAsync(_data, "a file, where the folder should be", Cancellation);

        var start = StartAsync;

        (await start.Should().ThrowAsync<DatabaseException>()).WithMessage($"*{_data}*");
    }

    private static int PortOf(EmbeddedPostgres postgres) => new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Port;

    private static string? PasswordOf(EmbeddedPostgres postgres) => new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Password;

    private static async Task ExecuteAsync(EmbeddedPostgres postgres, string sql) => await ReadAsync(postgres, sql);

    private static async Task<object?> ReadAsync(EmbeddedPostgres postgres, string sql)
    {
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancellation);
    }

    private Task<EmbeddedPostgres> StartAsync() => EmbeddedPostgres.StartAsync(_data, cancellationToken: Cancellation);

    /// <summary>One cluster, made once: making one takes a second.</summary>
    public sealed class MadeOnce : IAsyncLifetime
    {
        public string Folder { get; } = EmbeddedData.NewFolder();

        public async ValueTask InitializeAsync()
        {
            Assert.SkipUnless(EmbeddedData.IsTested, "This machine has no PostgreSQL programs.");
            await (await EmbeddedPostgres.StartAsync(Folder, cancellationToken: Cancellation)).DisposeAsync();
        }

        public ValueTask DisposeAsync()
        {
            EmbeddedData.Delete(Folder);
            return ValueTask.CompletedTask;
        }

        public async Task<string> CopyAsync()
        {
            var folder = EmbeddedData.NewFolder();
            using var copy = Process.Start("cp", ["-a", Folder, folder]);
            await copy.WaitForExitAsync(Cancellation);
            copy.ExitCode.Should().Be(0);

            return folder;
        }
    }
}
