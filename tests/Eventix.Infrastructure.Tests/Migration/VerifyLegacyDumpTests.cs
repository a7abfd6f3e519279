using Eventix.Application;
using Eventix.Application.Migration;
using Eventix.Application.Tasks;
using Eventix.Infrastructure.Migration;
using Eventix.Testing.Migration;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Infrastructure.Tests.Migration;

/// <summary>The legacy dump, imported once: compared with itself, and with what is exported of it.</summary>
public sealed class VerifyLegacyDumpTests(LegacyDump dump) : IClassFixture<LegacyDump>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("evx-verify-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("task.bson")]
    [InlineData("task.canonical.ndjson.gz")]
    [InlineData("task.relaxed.ndjson.gz")]
    public async Task Every_document_is_accounted_for(string file)
    {
        var (sums, findings) = await VerifyAsync(Path.Combine(AppContext.BaseDirectory, "Migration", "Data", file));

        findings.Where(finding => finding.IsDifference).Should().BeEmpty();
        sums.Documents.Should().Be(3027);
        sums.Outcomes[VerifyOutcome.Equal].Should().Be(3019);
        (sums.Outcomes[VerifyOutcome.Merged] + sums.Outcomes[VerifyOutcome.ChangedHere]).Should().Be(2, "one was merged into another");
        sums.Outcomes[VerifyOutcome.Rejected].Should().Be(6);
        sums.Counts.Sum(count => count.Target).Should().Be(3020);
    }

    [Theory]
    [InlineData(ExportFormat.Mongodump, "dump", false)]
    [InlineData(ExportFormat.Mongodump, "packed", true)]
    [InlineData(ExportFormat.Mongoexport, "task.ndjson", false)]
    [InlineData(ExportFormat.CliDump, "cli", false)]
    public async Task What_is_exported_is_read_as_the_same_tasks(ExportFormat format, string name, bool gzip)
    {
        var place = Path.Combine(_folder.FullName, name);
        await ExportAsync(new ExportTasks(place, format, Gzip: gzip));

        await IsSameAsync(place);
    }

    [Fact]
    public async Task What_is_exported_into_a_MongoDB_is_read_as_the_same_tasks()
    {
        await using var peer = new MongoPeer();
        await ExportAsync(new ExportTasks(peer.Uri(), ExportFormat.MongoDb));

        await IsSameAsync(peer.Uri());
    }

    private async Task IsSameAsync(string place)
    {
        var (sums, findings) = await VerifyAsync(place);

        findings.Should().BeEmpty();
        (sums.Documents, sums.Outcomes[VerifyOutcome.Equal]).Should().Be((3020, 3020));
    }

    private async Task ExportAsync(ExportTasks command) =>
        (await new ExportTasksHandler(dump.DataSource).Handle(command, TestContext.Current.CancellationToken)).Exported.Should().Be(3020);

    private async Task<(VerifySummary Sums, List<VerifyFinding> Findings)> VerifyAsync(string from)
    {
        await using var services = new ServiceCollection().AddApplication().BuildServiceProvider();
        var findings = new List<VerifyFinding>();
        var command = new VerifyImport(from, Findings: new Collecting(findings), RereadAfter: TimeSpan.FromMilliseconds(10));
        var handler = new VerifyImportHandler(dump.DataSource, services.GetRequiredService<IValidator<NewTask>>());

        return (await handler.Handle(command, TestContext.Current.CancellationToken), findings);
    }

    private sealed class Collecting(List<VerifyFinding> findings) : IProgress<VerifyFinding>
    {
        public void Report(VerifyFinding value) => findings.Add(value);
    }
}
