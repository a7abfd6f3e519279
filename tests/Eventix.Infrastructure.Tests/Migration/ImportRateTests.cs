using System.Diagnostics;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>How fast `--rate` lets an import be. It may be slower, so only the least of times is asserted.</summary>
public sealed class ImportRateTests : IAsyncLifetime
{
    private ImportCase _import = null!;

    public async ValueTask InitializeAsync() => _import = await ImportCase.StartAsync();

    public ValueTask DisposeAsync() => _import.DisposeAsync();

    [Fact]
    public async Task No_more_documents_are_stored_than_the_rate_allows()
    {
        var clock = Stopwatch.StartNew();

        await _import.ImportAsync(Documents(30), command => command with { Rate = 20 });

        clock.Elapsed.Should().BeGreaterThan(TimeSpan.FromSeconds(1.4));
        (await _import.Database.ScalarAsync<long>("SELECT count(DISTINCT xmin::text) FROM eventix_task"))
            .Should()
            .Be(2, "no batch is larger");
    }

    [Fact]
    public async Task Time_that_was_lost_is_not_made_good()
    {
        var clock = new Stopwatch();
        var progress = new ToldProgress(_ =>
        {
            if (clock.IsRunning)
                return;

            // As long as three batches may take: a server that stands still.
            Thread.Sleep(750);
            clock.Start();
        });

        await _import.ImportAsync(Documents(100), command => command with { BatchSize = 25, Rate = 100, Progress = progress });

        clock.Elapsed.Should().BeGreaterThan(TimeSpan.FromSeconds(0.7), "three batches came after the pause");
    }

    private static IEnumerable<BsonDocument> Documents(int count) =>
        Enumerable.Range(0, count).Select(n => new BsonDocument { { "_id", $"t{n}" }, { "task", "t" } });
}
