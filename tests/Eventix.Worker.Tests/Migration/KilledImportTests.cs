using Eventix.Testing;

namespace Eventix.Worker.Tests.Migration;

/// <summary>`import` is killed with -9, again and again, wherever it stands.</summary>
public sealed class KilledImportTests(TestDatabase killed, KilledImportTests.CleanDatabase clean)
    : IClassFixture<TestDatabase>,
        IClassFixture<KilledImportTests.CleanDatabase>,
        IDisposable
{
    private const string Documents = "SELECT coalesce(max(read), 0) FROM eventix_import_checkpoint";

    // Of three documents the clock decides something.
    private const string Everything = """
        SELECT md5(string_agg(line, ',' ORDER BY line COLLATE "C"))
        FROM (
            SELECT concat_ws('|', uid, namespace, task, unique_key, args, kwargs, imported_revision, priority, status, revision, result) AS line
            FROM eventix_task
            UNION ALL SELECT concat_ws(' ', 'ledger', uid, source_revision, outcome, stored_revision, merged_into) FROM eventix_import_ledger
            UNION ALL SELECT concat_ws(' ', 'note', uid, original, document, arguments_uid) FROM eventix_import_note
        ) AS everything
        """;

    private static readonly string Dump = Path.Combine(AppContext.BaseDirectory, "Migration", "Data", "task.bson");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("evx-killed-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task An_import_that_is_killed_at_random_points_leaves_what_a_single_one_leaves()
    {
        const int documents = 3027;
        var isLong = Environment.GetEnvironmentVariable("EVENTIX_LONG_TESTS") == "1";
        var random = new Random(20260301);
        var points = Enumerable.Range(0, isLong ? 20 : 3).Select(_ => random.Next(documents)).Order().ToList();

        // One that is killed late may come to its end before that. It must not count as finished, or the next one would begin anew.
        await killed.ExecuteAsync("ALTER TABLE eventix_import_checkpoint ADD CONSTRAINT unfinished CHECK (finished_at IS NULL)");
        foreach (var point in points)
        {
            await using var import = Start(killed, "killed.ndjson", "--batch-size", "37", "--rate", "2000");
            while (await killed.ScalarAsync<long>(Documents) < point)
                await Task.Delay(1, TestContext.Current.CancellationToken);

            // Anywhere within the batches behind that point.
            await Task.Delay(random.Next(30), TestContext.Current.CancellationToken);
        }

        (await killed.ScalarAsync<long>("SELECT count(*) FROM eventix_import_checkpoint WHERE finished_at IS NULL")).Should().Be(1);
        await killed.ExecuteAsync("ALTER TABLE eventix_import_checkpoint DROP CONSTRAINT unfinished");
        await using var last = Start(killed, "killed.ndjson");
        await using var single = Start(clean, "clean.ndjson");

        (await last.WaitForExitAsync(TimeSpan.FromMinutes(2))).Should().Be(0, last.Error);
        (await single.WaitForExitAsync(TimeSpan.FromMinutes(2))).Should().Be(0, single.Error);
        last.Error.Should().Contain("it goes on there");
        last.Output.Should().Be(single.Output).And.Contain("\"read\":3027,\"imported\":3020,\"merged\":1,\"skipped\":0,\"rejected\":6");
        (await killed.ScalarAsync<string>(Everything)).Should().Be(await clean.ScalarAsync<string>(Everything));
        (await ReportAsync("killed.ndjson")).Should().BeEquivalentTo(await ReportAsync("clean.ndjson"));
    }

    private HostProcess Start(TestDatabase database, string report, params string[] arguments) =>
        HostProcess.Start(
            "Eventix.Worker",
            ["import", "--from", Dump, "--report", report, .. arguments],
            [("DATABASE_URL", database.Url)],
            _folder.FullName
        );

    private Task<string[]> ReportAsync(string name) =>
        File.ReadAllLinesAsync(Path.Combine(_folder.FullName, name), TestContext.Current.CancellationToken);

    /// <summary>Where nothing is killed.</summary>
    public sealed class CleanDatabase : TestDatabase;
}
