using DotNet.Testcontainers.Builders;
using MongoDB.Bson;
using MongoDB.Driver;
using Testcontainers.MongoDb;

namespace Eventix.Infrastructure.Tests.Migration.Sources;

/// <summary>The server that the peer of the other tests stands for. Where Docker does not answer, it is left to the peer.</summary>
public sealed class MongoServerTests
{
    [Fact]
    public async Task A_real_server_leaves_the_same_rows_as_its_dump()
    {
        await using var server = Build();
        await server.StartAsync(TestContext.Current.CancellationToken);
        var uri = new MongoUrlBuilder(server.GetConnectionString())
        {
            DatabaseName = "eventix",
            AuthenticationSource = "admin",
        }.ToMongoUrl();
        using var client = new MongoClient(uri);
        await client
            .GetDatabase(uri.DatabaseName)
            .GetCollection<BsonDocument>("task")
            .InsertManyAsync(ImportFormsTests.Documents(), cancellationToken: TestContext.Current.CancellationToken);
        await using var fromServer = await ImportCase.StartAsync();
        await using var fromDump = await ImportCase.StartAsync();

        await fromServer.ImportFromAsync(uri.ToString());
        await fromDump.ImportFromAsync(Path.Combine(ImportCase.Data, "task.bson"));

        (await fromServer.StateAsync()).Should().Be(await fromDump.StateAsync());
    }

    private static MongoDbContainer Build()
    {
        try
        {
            return new MongoDbBuilder("mongo:7.0").Build();
        }
        catch (DockerUnavailableException)
        {
            Assert.Skip("Docker does not answer, so there is no MongoDB.");
            throw;
        }
    }
}
