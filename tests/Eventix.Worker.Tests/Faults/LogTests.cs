using System.Text.Json;

namespace Eventix.Worker.Tests.Faults;

/// <summary>What a worker writes where nobody looks at a terminal: one JSON object a line.</summary>
public sealed class LogTests(FaultyFixture faulty) : IClassFixture<FaultyFixture>
{
    [Fact]
    public async Task A_handler_s_own_lines_say_which_task_it_runs_and_nothing_says_what_is_in_it()
    {
        await faulty.Tasks.ExecuteAsync(
            """
            INSERT INTO eventix_task (uid, task, namespace, retry, kwargs) VALUES
                ('logs-1', 'test.effect', 'logs', true, '{"milliseconds": 1, "secret": "s3cret"}'),
                ('logs-2', 'test.effect', 'logs', false, '{"milliseconds": "s3cret"}')
            """
        );
        var separator = faulty.Tasks.Url.Contains("://", StringComparison.Ordinal) ? "?" : ";";
        await using var worker = faulty.Start("logs", $"{faulty.Tasks.Url}{separator}Password=s3cret");

        var line = await worker.WaitForLineAsync("The handler is at work", FaultyFixture.Patience);
        await faulty.UntilStatusAsync("logs", "done", 1);
        await faulty.UntilStatusAsync("logs", "error", 1);
        worker.Stop();
        await worker.WaitForExitAsync(FaultyFixture.Patience);

        var logged = JsonDocument.Parse(line).RootElement;
        (logged.GetProperty("Uid").GetString(), logged.GetProperty("Task").GetString(), logged.GetProperty("Namespace").GetString())
            .Should()
            .Be(("logs-1", "test.effect", "logs"));
        logged.GetProperty("Attempt").GetInt32().Should().Be(1);
        foreach (var each in worker.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            JsonDocument.Parse(each).RootElement.ValueKind.Should().Be(JsonValueKind.Object);
        (worker.Output + worker.Error).Should().NotContain("s3cret");
    }
}
