using Eventix.Application;
using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using Eventix.Infrastructure.Migration;
using Eventix.Testing;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection;
using MongoDB.Bson;
using Npgsql;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>A database of its own, and a folder, for imports one after another.</summary>
internal sealed class ImportCase : IAsyncDisposable
{
    public static readonly string Data = Path.Combine(AppContext.BaseDirectory, "Migration", "Data");

    /// <summary>What no clock decides.</summary>
    public const string Columns = """
        created_at, scheduled, version, error_eta_max, error_expires, result_expires, retry, store_result, namespace, task, unique_key, operator,
        args, kwargs, imported_revision, priority, max_retries, error_eta_inc, revision, worker_expires, expires, status, worker_id, result
        """;

    private static readonly IValidator<NewTask> Rules = new ServiceCollection()
        .AddApplication()
        .BuildServiceProvider()
        .GetRequiredService<IValidator<NewTask>>();

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("evx-import-");

    private ImportCase(TestDatabase database) => Database = database;

    public TestDatabase Database { get; }

    public string Folder => _folder.FullName;

    public string ReportFile => Path.Combine(Folder, "report.ndjson");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<ImportCase> StartAsync()
    {
        var database = new TestDatabase();
        await database.InitializeAsync();
        return new ImportCase(database);
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>Imports a file of these documents; each call makes another one.</summary>
    public async Task<ImportSummary> ImportAsync(IEnumerable<BsonDocument> documents, Func<ImportDump, ImportDump>? configure = null)
    {
        var file = Path.Combine(Folder, Guid.NewGuid() + ".bson");
        await File.WriteAllBytesAsync(file, [.. documents.SelectMany(document => document.ToBson())], Cancel);

        return await ImportFromAsync(file, configure);
    }

    public Task<ImportSummary> ImportAsync(params BsonDocument[] documents) => ImportAsync(documents, configure: null);

    public Task<ImportSummary> ImportFromAsync(string from, Func<ImportDump, ImportDump>? configure = null) =>
        ImportFromAsync(Database.DataSource, from, configure);

    public async Task<ImportSummary> ImportFromAsync(NpgsqlDataSource database, string from, Func<ImportDump, ImportDump>? configure = null)
    {
        var command = new ImportDump(from, ReportFile);
        return await new ImportDumpHandler(database, Rules).Handle(configure?.Invoke(command) ?? command, Cancel);
    }

    /// <summary>The report's lines; none when it was not made.</summary>
    public IReadOnlyList<BsonDocument> Report() =>
        File.Exists(ReportFile) ? [.. File.ReadLines(ReportFile).Select(line => BsonDocument.Parse(line))] : [];

    /// <summary>Everything that an import leaves, but for ids and the times of the import, in one text.</summary>
    public static async Task<string> StateAsync(NpgsqlDataSource database)
    {
        const string everything = $"""
            SELECT md5(string_agg(line, ',' ORDER BY line COLLATE "C"))
            FROM (
                SELECT concat_ws('|', uid, {Columns}, CASE WHEN uid = 'a6af8c5144454b8babaf8e6dc88e9a0c' THEN '' ELSE eta::text END) AS line
                FROM eventix_task t
                WHERE uid NOT IN ('39812d04fd34488b8583f603f46011e0', 'c55219ffa7264503a406bf140081aae5')
                UNION ALL SELECT concat_ws(' ', 'ledger', uid, source_revision, outcome, stored_revision, merged_into) FROM eventix_import_ledger
                UNION ALL SELECT concat_ws(' ', 'note', uid, original, arguments_uid) FROM eventix_import_note
            ) AS everything
            """;
        await using var command = database.CreateCommand(everything);
        return (string)(await command.ExecuteScalarAsync(Cancel))!;
    }

    public Task<string> StateAsync() => StateAsync(Database.DataSource);

    /// <summary>`uid value` of every task, in the order of uids.</summary>
    public async Task<List<string>> TasksAsync(string expression)
    {
        await using var command = Database.DataSource.CreateCommand(
            $"SELECT concat_ws(' ', uid, {expression}) FROM eventix_task ORDER BY uid"
        );
        await using var row = await command.ExecuteReaderAsync(Cancel);
        var tasks = new List<string>();
        while (await row.ReadAsync(Cancel))
            tasks.Add(row.GetString(0));

        return tasks;
    }
}
