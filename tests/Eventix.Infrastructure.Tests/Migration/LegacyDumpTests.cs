using System.Text.Json;
using Eventix.Application;
using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using Eventix.Infrastructure.Migration;
using Eventix.Infrastructure.Migration.Sources;
using Eventix.Testing;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection;
using MongoDB.Bson;
using MongoDB.Bson.Serialization;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>A dump with everything that old data can hold, imported once for all tests here.</summary>
public sealed class LegacyDumpTests(LegacyDump dump) : IClassFixture<LegacyDump>
{
    private const string Older = "bf4a343c263e47069cd13f718c0ba53a";
    private const string Newer = "db0326d50acf4b8e93f16138a8bfabd3";

    [Fact]
    public async Task The_sums_are_those_that_were_expected()
    {
        var expected = dump.Expected;

        dump.Summary.Should()
            .Be(new ImportSummary(Number("documents"), Number("rows_after"), Number("merged"), Skipped: 0, Number("rejected")));
        (await dump.ScalarAsync<long>("SELECT count(*) FROM eventix_task")).Should().Be(Number("rows_after"));
        (await CountsAsync("status")).Should().Equal(Counts("by_status_after"));
        (await CountsAsync("namespace")).Should().Equal(Counts("by_namespace_after"));

        long Number(string name) => expected.GetProperty(name).GetInt64();

        Dictionary<string, long> Counts(string name) =>
            expected.GetProperty(name).EnumerateObject().ToDictionary(count => count.Name, count => count.Value.GetInt64());
    }

    [Fact]
    public async Task Every_ordinary_field_is_as_it_was()
    {
        await using var command = dump.DataSource.CreateCommand(
            """
            SELECT uid, json_build_object('version', version, 'unique_key', unique_key, 'status', status, 'priority', priority, 'namespace', namespace,
                'task', task, 'args', args, 'kwargs', kwargs, 'worker_id', worker_id, 'retry', retry, 'max_retries', max_retries,
                'error_eta_inc', error_eta_inc, 'error_eta_max', error_eta_max, 'store_result', store_result, 'result', result,
                'error_expires', error_expires, 'result_expires', result_expires, 'operator', operator)::text,
                created_at, updated_at, eta, scheduled, worker_expires, expires, coalesce(imported_revision, ''), revision
            FROM eventix_task
            """
        );
        await using var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var compared = 0;
        while (await row.ReadAsync(TestContext.Current.CancellationToken))
        {
            var document = dump.Documents[row.GetString(0)];
            if (document.ElementCount != 26 || LegacyDump.Odd.Contains(row.GetString(0)))
                continue;

            var fields = BsonDocument.Parse(row.GetString(1));
            foreach (var field in fields)
                field.Value.Should().Be(document[field.Name], $"{field.Name} of {row.GetString(0)} is kept");

            string[] times = ["created_time", "updated_time", "eta", "scheduled", "worker_expires", "expires"];
            for (var n = 0; n < times.Length; n++)
                (row.IsDBNull(n + 2) ? BsonNull.Value : (BsonValue)row.GetDateTime(n + 2)).Should().Be(document[times[n]]);

            row.GetString(8).Should().Be(document["_rev"].AsString);
            row.GetString(8).Should().StartWith($"{row.GetInt64(9)}-");
            compared++;
        }

        compared.Should().BeGreaterThan(2990);
    }

    [Fact]
    public async Task Two_waiting_documents_of_one_key_are_one_task_now()
    {
        (await TextAsync($"SELECT string_agg(uid || ' ' || status, ',' ORDER BY uid) FROM eventix_task WHERE unique_key = 'dup-1'"))
            .Should()
            .Be($"a6e0fde6209a491abba31fd9334487d5 done,{Older} scheduled");
        (
            await TextAsync(
                $"SELECT concat_ws(' ', priority, extract(epoch FROM eta)::int, task, operator) FROM eventix_task WHERE uid = '{Older}'"
            )
        )
            .Should()
            .Be("1 1772366400 export_orders unknown");
        (await TextAsync($"SELECT args::text || kwargs FROM eventix_task WHERE uid = '{Older}'"))
            .Should()
            .Be("""[1,"zwei",null,{"drei":3.5}]{"sku":27796,"org":"ESO-8","note":"Pokémon"}""");
    }

    [Theory]
    [InlineData("39812d04fd34488b8583f603f46011e0", "version", "1")]
    [InlineData("39812d04fd34488b8583f603f46011e0", "error_eta_inc", "15")]
    [InlineData("39812d04fd34488b8583f603f46011e0", "error_eta_max", "300")]
    [InlineData("39812d04fd34488b8583f603f46011e0", "operator", "unknown")]
    [InlineData("c55219ffa7264503a406bf140081aae5", "args::text || kwargs || priority || namespace || retry", "[]{}0defaulttrue")]
    [InlineData("c55219ffa7264503a406bf140081aae5", "result_expires", "604800")]
    [InlineData("8e40968120184799ae1f02eb53dad8df", "created_at::text", "2026-03-05 10:00:00.123456+00")]
    [InlineData("8e40968120184799ae1f02eb53dad8df", "updated_at::text", "2026-03-05 10:00:00+00")]
    [InlineData("8e40968120184799ae1f02eb53dad8df", "eta::text || ' ' || scheduled", "2026-03-05 10:00:00+00 2026-03-05 10:00:00+00")]
    [InlineData("a6af8c5144454b8babaf8e6dc88e9a0c", "concat_ws(' ', namespace, priority, status)", "default 0 scheduled")]
    [InlineData("a6af8c5144454b8babaf8e6dc88e9a0c", "(eta <= now() AND eta > now() - interval '1 hour')::text", "true")]
    [InlineData(
        "721b20588cf84e4498800bdc58e4c35f",
        "kwargs::text",
        """{"on":{"$date":"2026-03-01T12:00:00Z"},"nested":{"at":[{"$date":"2026-03-01T12:00:00Z"}]}}"""
    )]
    [InlineData(
        "fd32022842bb474187c5f30ddc33a790",
        "result::text",
        """{"oid":{"$oid":"65f000000000000000000001"},"price":{"$numberDecimal":"12.3400"},"big":9007199254740993}"""
    )]
    [InlineData(
        "587b78fa13414807b737a06a86c2bded",
        "kwargs::text",
        """{"blob":{"$binary":{"base64":"AAECAwQFBgcICQoLDA0ODw==","subType":"00"}},"re":{"$regularExpression":{"pattern":"^a.*z$","options":"i"}},"ts":{"$timestamp":{"t":1700000000,"i":1}}}"""
    )]
    [InlineData("d41bfc594de044c085ab33acc6b32fd1", "kwargs::text", """{"$set":1,"a.b":{"$gt":2}}""")]
    [InlineData("2e6d35e2e2b04fc2b9bf7f67e702f7f8", "result::text", """{"a":null,"b":null,"c":null}""")]
    [InlineData("81bca61e52da49d8b09c06945042168d", "kwargs::text", """{"s":"a\u0000b"}""")]
    [InlineData("1669e3da86de4114a1a90c0d3e6e75f0", "args::text", "[[[[[[[[[[1]]]]]]]]]]")]
    [InlineData("85037bb9df864537a279ae8ee423e388", "concat_ws(' ', priority, max_retries, result_expires)", "-7 3 86400")]
    [InlineData("ce454e8f86204de9850223c4ee5a40de", "priority", "3")]
    [InlineData("8bdce9ae3ac44dd7a240e691bba3b123", "concat_ws(' ', revision, coalesce(imported_revision, 'none'))", "1 none")]
    [InlineData("002a74b60ea54305af1a74602128fe12", "concat_ws(' ', status, task)", "done sync_stock")]
    [InlineData("order/42 ü", "concat_ws(' ', status, imported_revision)", "retry 8-2d697ea0f56917ce822492f1d604115c")]
    public async Task Odd_documents_are_read_as_they_were_meant(string uid, string expression, string expected) =>
        (await TextAsync($"SELECT ({expression})::text FROM eventix_task WHERE uid = '{uid}'")).Should().Be(expected);

    [Fact]
    public async Task A_large_result_is_whole() =>
        (await TextAsync("SELECT result::text FROM eventix_task WHERE uid = 'e921c0d0ec104635b5671346fe4b053e'"))
            .Should()
            .Be($$"""{"text":"{{dump.Documents["e921c0d0ec104635b5671346fe4b053e"]["result"]["text"].AsString}}"}""");

    [Fact]
    public void The_report_has_every_other_document_whole_and_says_why()
    {
        var report = dump.Report.ToDictionary(line => line["document"]["_id"].ToString()!, line => line["reason"].AsString);

        report
            .Should()
            .BeEquivalentTo(
                new Dictionary<string, string>
                {
                    ["b22080a862534e6aac732fcae82e9e3f"] = "task is missing: a text is needed.",
                    ["43c3067f263448f6b818e0bf5f03ec67"] = "task 7 (Int32) is not a text.",
                    ["5b104d142a4446abb9a91a4f1a19f8fa"] =
                        "status \"paused\" is not known: scheduled, processing, done, error, retry or null are.",
                    ["d8170c546b384596972e2b5680d3b2c6"] =
                        "eta \"tomorrow\" is not a time: a date from the years 1 to 9999, ISO 8601 text, a unix time or null is.",
                    ["f8aa5420fda347c7b674ff3a246024d6"] = "args is of the type Document: an array or null is needed.",
                    ["BsonNull"] = "_id is null: a text is needed.",
                    [Newer] = $"merged into {Older}",
                }
            );
        foreach (var line in dump.Report)
            line["document"].Should().Be(dump.Documents[line["document"]["_id"].ToString()!]);
    }

    [Fact]
    public async Task A_second_import_changes_nothing_and_reports_the_same_documents()
    {
        const string everything = "SELECT md5(string_agg(t::text, ',' ORDER BY uid)) FROM eventix_task t";
        var before = await TextAsync(everything);
        var rejects = Path.GetTempFileName();

        var again = await dump.ImportAsync(rejects);

        again.Should().Be(new ImportSummary(3027, 0, 0, 3021, 6));
        (await TextAsync(everything)).Should().Be(before);
        LegacyDump.Read(rejects).Select(line => line["document"]).Should().BeEquivalentTo(dump.Report.Select(line => line["document"]));
        File.Delete(rejects);
    }

    [Fact]
    public async Task The_planner_knows_the_new_rows() =>
        (await dump.ScalarAsync<bool>("SELECT reltuples > 3000 FROM pg_class WHERE relname = 'eventix_task'")).Should().BeTrue();

    private async Task<Dictionary<string, long>> CountsAsync(string column)
    {
        var json = await TextAsync(
            $"SELECT json_object_agg(value, count)::text FROM (SELECT {column} AS value, count(*) FROM eventix_task GROUP BY 1) AS counts"
        );
        return JsonSerializer.Deserialize<Dictionary<string, long>>(json)!;
    }

    private Task<string> TextAsync(string sql) => dump.ScalarAsync<string>(sql);
}

/// <summary>A database with the dump in it.</summary>
public sealed class LegacyDump : TestDatabase, IAsyncLifetime
{
    /// <summary>Documents of the full number of fields that have values of other types in them.</summary>
    internal static readonly string[] Odd =
    [
        "8e40968120184799ae1f02eb53dad8df",
        "a6af8c5144454b8babaf8e6dc88e9a0c",
        "2e6d35e2e2b04fc2b9bf7f67e702f7f8",
        "85037bb9df864537a279ae8ee423e388",
        "ce454e8f86204de9850223c4ee5a40de",
        "bf4a343c263e47069cd13f718c0ba53a",
    ];

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Migration", "Data");

    internal ImportSummary Summary { get; private set; } = new(0, 0, 0, 0, 0);

    internal List<BsonDocument> Report { get; private set; } = [];

    internal JsonElement Expected { get; private set; }

    /// <summary>The source, by `_id`.</summary>
    internal Dictionary<string, BsonDocument> Documents { get; } = new(StringComparer.Ordinal);

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();

        using var expected = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Folder, "expected.json")));
        Expected = expected.RootElement.Clone();

        await using var dump = File.OpenRead(Path.Combine(Folder, "task.bson"));
        await foreach (var document in BsonDump.ReadAsync(dump, offset: 0, CancellationToken.None))
        {
            var parsed = BsonSerializer.Deserialize<BsonDocument>(document.Bson);
            Documents.Add(parsed["_id"].ToString()!, parsed);
        }

        var rejects = Path.GetTempFileName();
        Summary = await ImportAsync(rejects);
        Report = Read(rejects);
        File.Delete(rejects);
    }

    internal async Task<ImportSummary> ImportAsync(string rejects)
    {
        await using var services = new ServiceCollection().AddApplication().BuildServiceProvider();
        var rules = services.GetRequiredService<IValidator<NewTask>>();

        return await new ImportDumpHandler(DataSource, rules).Handle(
            new ImportDump(Path.Combine(Folder, "task.bson"), rejects),
            CancellationToken.None
        );
    }

    internal static List<BsonDocument> Read(string rejects) => [.. File.ReadLines(rejects).Select(line => BsonDocument.Parse(line))];
}
