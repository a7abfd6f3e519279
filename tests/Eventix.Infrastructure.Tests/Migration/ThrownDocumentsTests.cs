using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Eventix.Application;
using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using Eventix.Infrastructure.Migration;
using Eventix.Testing.Migration;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection;
using MongoDB.Bson;
using MongoDB.Bson.IO;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>Whatever documents hold: each has one outcome, and what is done with never comes back.</summary>
public sealed class ThrownDocumentsTests
{
    private const int Count = 250;

    private static readonly IValidator<NewTask> Rules = new ServiceCollection()
        .AddApplication()
        .BuildServiceProvider()
        .GetRequiredService<IValidator<NewTask>>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bson", 1)]
    [InlineData("packed", 2)]
    [InlineData("canonical", 3)]
    [InlineData("relaxed array", 4)]
    [InlineData("server", 5)]
    public async Task Every_document_has_one_outcome_and_a_second_import_and_a_way_back_change_nothing(string form, int seed)
    {
        await using var peer = new MongoPeer();
        await using var import = await ImportCase.StartAsync();
        var (from, count) = await WriteAsync(form, new ThrownDocuments(seed).Make(Count), import.Folder, peer);

        var dry = await import.ImportFromAsync(from, command => command with { DryRun = true, BatchSize = 37 });
        var dryReport = await File.ReadAllLinesAsync(import.ReportFile, Cancel);
        var sums = await import.ImportFromAsync(from, command => command with { BatchSize = 37 });
        var report = await File.ReadAllLinesAsync(import.ReportFile, Cancel);
        var state = await import.StateAsync();

        (sums.Read, sums.AddsUp).Should().Be((count, true));
        sums.Imported.Should().BeGreaterThan(count / 3);
        (await import.Database.ScalarAsync<long>("SELECT count(*) FROM eventix_task")).Should().Be(sums.Imported);
        report.Should().HaveCount((int)(sums.Merged + sums.Skipped + sums.Rejected));
        report.Select(Reason).Should().OnlyContain(reason => reason.Length > 10);
        dry.Should().Be(sums);
        dryReport.Should().Equal(report);

        (await import.ImportFromAsync(from, command => command with { BatchSize = 37 }))
            .Should()
            .Be(new ImportSummary(count, 0, 0, count - sums.Rejected, sums.Rejected));
        var mended = Path.Combine(import.Folder, "mended.ndjson");
        File.Move(import.ReportFile, mended);
        (await import.ImportFromAsync(mended)).Rejected.Should().Be(sums.Rejected);
        (await import.StateAsync()).Should().Be(state);
        (await DifferencesAsync(import, from)).Should().BeEmpty();
        await ComeBackAsync(import, sums.Imported);
    }

    /// <summary>Exported, imported elsewhere and exported again: the same documents to the byte.</summary>
    private static async Task ComeBackAsync(ImportCase import, long count)
    {
        await using var other = await ImportCase.StartAsync();
        var there = await ExportAsync(import);

        var sums = await other.ImportFromAsync(Path.Combine(import.Folder, "export"));

        sums.Should().Be(new ImportSummary(count, count, 0, 0, 0));
        (await ExportAsync(other)).Should().Equal(there);
    }

    private static async Task<List<string>> ExportAsync(ImportCase import)
    {
        var folder = Path.Combine(import.Folder, "export");
        await new ExportTasksHandler(import.Database.DataSource).Handle(new ExportTasks(folder, ExportFormat.Mongodump), Cancel);
        var bson = await File.ReadAllBytesAsync(Path.Combine(folder, "eventix", "task.bson"), Cancel);
        var documents = new List<string>();
        for (int at = 0, length; at < bson.Length; at += length)
        {
            length = BitConverter.ToInt32(bson, at);
            documents.Add(Convert.ToBase64String(bson, at, length));
        }

        documents.Sort(StringComparer.Ordinal);
        return documents;
    }

    private static async Task<List<VerifyFinding>> DifferencesAsync(ImportCase import, string from)
    {
        var findings = new Findings();
        await new VerifyImportHandler(import.Database.DataSource, Rules).Handle(new VerifyImport(from, Findings: findings), Cancel);
        return findings.Differences;
    }

    private static async Task<(string From, int Count)> WriteAsync(string form, List<byte[]> documents, string folder, MongoPeer peer)
    {
        var file = Path.Combine(folder, "task");
        byte[] bson = [.. documents.SelectMany(document => document)];
        switch (form)
        {
            case "bson":
                await File.WriteAllBytesAsync(file, bson, Cancel);
                return (file, documents.Count);
            case "packed":
                await using (var gzip = new GZipStream(File.Create(file), CompressionLevel.Fastest))
                    await gzip.WriteAsync(bson, Cancel);
                return (file, documents.Count);
            case "server":
                var ids = documents
                    .Where(IsReadable)
                    .Select(document => new RawBsonDocument(document))
                    .Where(document => document.Contains("_id"));
                peer.Collections.Put(ids);
                return (peer.Uri(), peer.Collections.All().Count);
            default:
                var settings = new JsonWriterSettings
                {
                    Indent = form != "canonical",
                    OutputMode = form == "canonical" ? JsonOutputMode.CanonicalExtendedJson : JsonOutputMode.RelaxedExtendedJson,
                };
                var json = documents.Where(IsReadable).Select(document => new RawBsonDocument(document).ToJson(settings)).ToList();
                await File.WriteAllTextAsync(
                    file,
                    form == "canonical" ? string.Join("\n", json) : $"[{string.Join(",\r\n", json)}]\n",
                    new UTF8Encoding(encoderShouldEmitUTF8Identifier: true),
                    Cancel
                );
                return (file, json.Count);
        }
    }

    /// <summary>Whether the driver can: it wants text to be UTF-8 and names to differ, and ends at some depth.</summary>
    private static bool IsReadable(byte[] document)
    {
        try
        {
            new RawBsonDocument(document).ToJson();
            return true;
        }
        catch (Exception refused)
            when (refused is DecoderFallbackException or BsonSerializationException or FormatException or InvalidOperationException)
        {
            return false;
        }
    }

    private static string Reason(string line)
    {
        using var json = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 1000 });
        return json.RootElement.GetProperty("reason").GetString()!;
    }

    private sealed class Findings : IProgress<VerifyFinding>
    {
        public List<VerifyFinding> Differences { get; } = [];

        public void Report(VerifyFinding value)
        {
            if (value.IsDifference)
                Differences.Add(value);
        }
    }
}
