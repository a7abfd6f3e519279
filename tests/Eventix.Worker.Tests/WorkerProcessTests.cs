using Eventix.Testing;

namespace Eventix.Worker.Tests;

/// <summary>The worker as operators start it: a process, its exit code and what it says.</summary>
public sealed class WorkerProcessTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Without_a_database_it_says_what_to_set()
    {
        var (code, output, error) = await Run();

        (code, output).Should().Be((2, ""));
        error.Should().Contain("DATABASE_URL is not set").And.Contain("postgresql://").And.NotContain("   at ");
    }

    [Fact]
    public async Task Every_wrong_variable_is_named_at_once()
    {
        var (code, _, error) = await Run(
            [],
            ("DATABASE_URL", "postgresql://u:s3cret@h/d?colour=red"),
            ("EVENTIX_BACKEND", "couchdb"),
            ("EVENTIX_NAMESPACE", " , "),
            ("EVENTIX_NAMESPACE_WEIGHTS", "3,0"),
            ("EVENTIX_NAMESPACE_CONCURRENCY", "1,2,3"),
            ("EVENTIX_NAMESPACE_STRICT_ORDER", "sometimes"),
            ("EVENTIX_WORKER_CONCURRENCY", "0"),
            ("EVENTIX_WORKER_LEASE_SECONDS", "1"),
            ("EVENTIX_MAX_LOST_LEASES", "-1"),
            ("EVENTIX_RETENTION_SECONDS", "a day"),
            ("EVENTIX_RETENTION_COUNT", "-5"),
            ("EVENTIX_WORKER_GRACE_SECONDS", "-1"),
            ("EVENTIX_TASK_WORKER_ID", "K8S_HOSTNAME"),
            ("HOSTNAME", "pod-"),
            ("EVENTIX_MAINTENANCE_ENABLED", "perhaps"),
            ("EVENTIX_MAINTENANCE_INTERVAL_SECONDS", "0"),
            ("EVENTIX_URL", "http://127.0.0.1:8000")
        );

        code.Should().Be(2);
        error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().HaveCount(16);
        error
            .Should()
            .ContainAll(
                "colour",
                "EVENTIX_BACKEND is 'couchdb'",
                "EVENTIX_NAMESPACE is ','",
                "EVENTIX_NAMESPACE_WEIGHTS is '3,0'",
                "EVENTIX_NAMESPACE_CONCURRENCY is '1,2,3'",
                "EVENTIX_NAMESPACE_STRICT_ORDER is 'sometimes'",
                "EVENTIX_WORKER_CONCURRENCY is '0'",
                "EVENTIX_WORKER_LEASE_SECONDS is '1'",
                "EVENTIX_MAX_LOST_LEASES is '-1'",
                "EVENTIX_RETENTION_SECONDS is 'a day'",
                "EVENTIX_RETENTION_COUNT is '-5'",
                "EVENTIX_WORKER_GRACE_SECONDS is '-1'",
                "HOSTNAME",
                "EVENTIX_MAINTENANCE_ENABLED is 'perhaps'",
                "EVENTIX_MAINTENANCE_INTERVAL_SECONDS is '0'",
                "EVENTIX_URL and DATABASE_URL"
            )
            .And.NotContain("s3cret");
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_told_in_one_line()
    {
        var (code, output, error) = await Run([], ("DATABASE_URL", "postgresql://u:s3cret@127.0.0.1:1/tasks"));

        (code, output).Should().Be((1, ""));
        error.Trim().Should().NotContain("\n").And.ContainAll("tasks", "127.0.0.1:1", "DATABASE_URL").And.NotContain("s3cret");
    }

    [Fact]
    public async Task A_malformed_env_file_is_named_by_its_line()
    {
        var folder = Directory.CreateTempSubdirectory("evx").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, ".env.local"), "A=1\ns3cret\n", TestContext.Current.CancellationToken);

        var (code, _, error) = await HostProcess.RunAsync("Eventix.Worker", [], [], folder);
        Directory.Delete(folder, recursive: true);

        code.Should().Be(2);
        error.Should().Contain(".env.local").And.Contain("line 2").And.NotContain("s3cret");
    }

    [Fact]
    public async Task It_migrates_once_and_runs_until_it_is_asked_to_stop()
    {
        var mayNot = await Run([], ("DATABASE_URL", database.Url), ("EVENTIX_MIGRATE_ON_START", "false"));
        var first = await Run(["migrate"], ("DATABASE_URL", database.Url), ("EVENTIX_MIGRATE_ON_START", "false"));
        var second = await Run(["migrate"], ("DATABASE_URL", database.Url));
        await using var worker = HostProcess.Start(
            "Eventix.Worker",
            [],
            [("DATABASE_URL", database.Url), ("EVENTIX_MIGRATE_ON_START", "false")]
        );
        await worker.WaitForLineAsync("Application started", Patience);
        worker.Stop();

        mayNot.ExitCode.Should().Be(1);
        mayNot.Error.Trim().Should().ContainAll("EVENTIX_MIGRATE_ON_START", "Initial", "-- migrate").And.NotContain("\n");
        first.ExitCode.Should().Be(0, first.Error);
        first.Output.Should().Be("The schema is up to date.\n");
        second.Should().Be((0, "The schema is up to date.\n", ""));
        (await worker.WaitForExitAsync(Patience)).Should().Be(0, worker.Error);
        worker.Output.Should().Contain("\"@mt\"", "logs are JSON where nobody looks at a terminal");
    }

    private static Task<(int ExitCode, string Output, string Error)> Run() => Run([]);

    private static Task<(int ExitCode, string Output, string Error)> Run(string[] arguments, params (string, string)[] environment) =>
        HostProcess.RunAsync("Eventix.Worker", arguments, environment);
}
