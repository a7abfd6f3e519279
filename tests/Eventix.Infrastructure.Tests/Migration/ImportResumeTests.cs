using Eventix.Application.Migration;
using Eventix.Infrastructure.Persistence;
using Eventix.Testing;
using Eventix.Testing.Migration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using MongoDB.Bson;
using MongoDB.Bson.Serialization;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>Whatever breaks an import off: the next one goes on, and leaves what a single one would have left.</summary>
public sealed class ImportResumeTests : IAsyncLifetime
{
    private static readonly string Dump = Path.Combine(ImportCase.Data, "task.bson");

    private const string WholeBatches = """
        SELECT read - rejected = (SELECT count(*) FROM eventix_import_ledger) AND (read - rejected) % 100 = 0 AND finished_at IS NULL
        FROM eventix_import_checkpoint
        """;

    private ImportCase _clean = null!;
    private ImportSummary _cleanSums = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _clean = await ImportCase.StartAsync();
        _cleanSums = await _clean.ImportFromAsync(Dump);
    }

    public ValueTask DisposeAsync() => _clean.DisposeAsync();

    [Fact]
    public async Task A_source_that_drops_its_connection_is_told_and_gone_on_with()
    {
        await using var import = await ImportCase.StartAsync();
        await using var peer = new MongoPeer();
        peer.Collections.Put(Documents());
        var left = 2;
        peer.DropOn = (name, _) => name == "getMore" && left-- <= 0;

        var importing = () => import.ImportFromAsync(peer.Uri(), command => command with { BatchSize = 300 });

        (await importing.Should().ThrowAsync<SourceException>())
            .Which.Should()
            .Match<SourceException>(failure => failure.IsTransient && failure.Message.StartsWith("mongodb://127.0.0.1:"));
        var stored = await import.Database.ScalarAsync<long>("SELECT count(*) FROM eventix_task");
        stored.Should().BeInRange(2900, 3019);

        peer.DropOn = null;
        peer.Log.Clear();
        (await importing()).Should().Be(_cleanSums);
        (await import.StateAsync()).Should().Be(await _clean.StateAsync());
        import.Report().Should().HaveCount(7);
        peer.Log.Should().NotContain("getMore", "only the rest was read");
    }

    [Fact]
    public async Task A_database_that_is_killed_has_whole_batches_and_the_rest_follows()
    {
        await using var cluster = await PostgresCluster.StartAsync(durable: true, Cancel);
        await using var database = NpgsqlDataSource.Create(cluster.ConnectionString);
        await new DatabaseMigrator(
            Options.Create(new DatabaseOptions { ConnectionString = cluster.ConnectionString }),
            NullLogger<DatabaseMigrator>.Instance
        ).MigrateAsync(Cancel);
        await using var import = await ImportCase.StartAsync();

        var killed = false;
        var progress = new ToldProgress(sums =>
        {
            if (killed || sums.Read < 1500)
                return;

            killed = true;
            cluster.KillAsync(Cancel).GetAwaiter().GetResult();
        });
        var importing = () =>
            import.ImportFromAsync(database, Dump, command => command with { BatchSize = 100, Progress = killed ? null : progress });

        await importing.Should().ThrowAsync<NpgsqlException>();

        await cluster.RestartAsync(Cancel);
        NpgsqlConnection.ClearAllPools();
        await using (var half = database.CreateCommand(WholeBatches))
            (await half.ExecuteScalarAsync(Cancel)).Should().Be(true, "a batch is stored whole, with its checkpoint, or not at all");
        (await importing()).Should().Be(_cleanSums);
        (await ImportCase.StateAsync(database)).Should().Be(await _clean.StateAsync());
        import.Report().Should().HaveCount(7);
    }

    [Fact]
    public async Task A_disk_that_is_full_stores_nothing_of_its_batch_and_the_rest_follows()
    {
        await using var import = await ImportCase.StartAsync();
        await import.Database.ExecuteAsync(
            """
            CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF (SELECT count(*) FROM eventix_task) >= 1250 THEN
                    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER fill BEFORE INSERT ON eventix_task FOR EACH ROW EXECUTE FUNCTION fill();
            """
        );

        var importing = () => import.ImportFromAsync(Dump, command => command with { BatchSize = 100 });

        (await importing.Should().ThrowAsync<PostgresException>()).Which.SqlState.Should().Be(PostgresErrorCodes.DiskFull);
        (await import.Database.ScalarAsync<long>("SELECT count(*) FROM eventix_task")).Should().BeInRange(1150, 1250);
        (await import.Database.ScalarAsync<bool>(WholeBatches))
            .Should()
            .BeTrue("a batch is stored whole, with its checkpoint, or not at all");

        await import.Database.ExecuteAsync("DROP TRIGGER fill ON eventix_task");
        (await importing()).Should().Be(_cleanSums);
        (await import.StateAsync()).Should().Be(await _clean.StateAsync());
        import.Report().Select(line => line["document"]).Should().BeEquivalentTo(_clean.Report().Select(line => line["document"]));
    }

    [Fact]
    public async Task An_import_that_is_finished_or_was_of_another_file_begins_anew()
    {
        await using var import = await ImportCase.StartAsync();
        var file = Path.Combine(import.Folder, "task.bson");
        File.Copy(Dump, file);
        using (var cut = File.OpenWrite(file))
            cut.SetLength(cut.Length - 10);
        var importing = () => import.ImportFromAsync(file);
        await importing.Should().ThrowAsync<CorruptDumpException>();

        File.Copy(Dump, file, overwrite: true);

        var sums = await importing();
        sums.Read.Should().Be(3027);
        sums.Skipped.Should().BeGreaterThan(2900);
        (await importing()).Skipped.Should().Be(3021);
    }

    private static IEnumerable<BsonDocument> Documents()
    {
        using var file = File.OpenRead(Dump);
        while (file.Position < file.Length)
            yield return BsonSerializer.Deserialize<BsonDocument>(file);
    }
}
