using System.Text.RegularExpressions;
using Eventix.Testing;
using Eventix.Testing.Migration;
using MongoDB.Bson;
using Npgsql;

namespace Eventix.Worker.Tests.Migration;

/// <summary>docs/migrate-from-mongodb.md, command by command, in its order: from a MongoDB that is the peer of the tests, into a database of its own.</summary>
public sealed partial class GuideTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>, IAsyncLifetime
{
    private const string Worker = "dotnet run -c Release --project src/Eventix.Worker -- ";

    // Other hosts, and what their own tests start: the guide shows how, and the tests of the hosts run them.
    private static readonly string[] NotRun =
    [
        "export DATABASE_URL=postgresql://eventix:secret@127.0.0.1:5432/eventix",
        "export MONGODB_URI=mongodb://127.0.0.1:27017/eventix",
        "dotnet run -c Release --project src/Eventix.Api",
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("evx-guide-");
    private readonly MongoPeer _peer = new();

    private string Name => new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!;

    public ValueTask InitializeAsync()
    {
        _peer.Collections.Put(
            Enumerable
                .Range(0, 60)
                .Select(n => new BsonDocument
                {
                    { "_id", $"task{n}" },
                    { "_rev", $"{n + 1}-{n:x32}" },
                    { "updated_time", new DateTime(2026, 3, 1 + (n % 2), 12, 0, 0, DateTimeKind.Utc) },
                    { "namespace", n % 3 == 0 ? "shop" : "mail" },
                    { "unique_key", n < 4 ? "k" : BsonNull.Value },
                    { "status", n % 5 == 4 ? "done" : "scheduled" },
                    { "task", n == 59 ? 7 : "t" },
                    { "kwargs", new BsonDocument("at", new DateTime(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc)) },
                })
        );
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _peer.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Every_command_of_the_guide_runs_as_it_stands_there()
    {
        var ran = 0;
        foreach (var (language, code) in Blocks(await ReadGuideAsync()))
        {
            if (language == "sql")
                await QueryAsync(code);
            else
                foreach (
                    var command in code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !NotRun.Contains(line))
                )
                {
                    command.Should().StartWith(Worker);
                    await RunAsync(command[Worker.Length..]);
                    ran++;
                }
        }

        ran.Should().BeGreaterThan(12);
    }

    private async Task RunAsync(string arguments)
    {
        // Its connections would be somebody's, who keeps the database from being reset.
        database.DataSource.Clear();
        var real = arguments
            .Replace("mongodb://127.0.0.1:27017/eventix", _peer.Uri(), StringComparison.Ordinal)
            .Replace("--yes-delete-everything eventix", $"--yes-delete-everything {Name}", StringComparison.Ordinal);

        var (code, _, error) = await HostProcess.RunAsync(
            "Eventix.Worker",
            real.Split(' '),
            [("DATABASE_URL", database.Url), ("MONGODB_URI", _peer.Uri())],
            _folder.FullName
        );

        code.Should().Be(0, $"`{arguments}` is in the guide, and said: {error}");
    }

    private async Task QueryAsync(string sql)
    {
        // The library is not loaded into the server of the tests.
        if (sql.Contains("pg_stat_statements", StringComparison.Ordinal))
            return;

        await using var query = database.DataSource.CreateCommand(sql);
        await using var rows = await query.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        rows.FieldCount.Should().BePositive();
    }

    private static IEnumerable<(string Language, string Code)> Blocks(string guide) =>
        Block().Matches(guide).Select(block => (block.Groups["language"].Value, block.Groups["code"].Value));

    private static Task<string> ReadGuideAsync()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Eventix.sln")))
            root = root.Parent!;

        return File.ReadAllTextAsync(Path.Combine(root.FullName, "docs", "migrate-from-mongodb.md"), TestContext.Current.CancellationToken);
    }

    [GeneratedRegex(
        @"^ *```(?<language>bash|sql)\n(?<code>.*?)^ *```$",
        RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Block();
}
