using Eventix.Application;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using Eventix.Infrastructure.Migration;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection;
using MongoDB.Bson;
using MongoDB.Bson.IO;

namespace Eventix.Infrastructure.Tests.Migration;

public sealed class TaskDocumentTests
{
    private static readonly IValidator<NewTask> Rules = new ServiceCollection()
        .AddApplication()
        .BuildServiceProvider()
        .GetRequiredService<IValidator<NewTask>>();

    private static readonly BsonBinaryWriterSettings AsItIs = new() { FixOldBinarySubTypeOnOutput = false };

    [Fact]
    public void A_document_with_all_fields_set_comes_back_byte_for_byte_whatever_it_holds()
    {
        for (var seed = 0; seed < 5000; seed++)
        {
            var document = Some(seed).ToBson(writerSettings: AsItIs);
            var source = SourceTask.Read(document, Rules, out var fault);
            fault.Should().BeEmpty($"seed {seed} makes a task");

            var exported = TaskDocument.Make(Stored(source!), source!.Original, out var reason);

            reason.Should().BeEmpty($"seed {seed} can be exported");
            exported!.Bson.AsSpan().SequenceEqual(document).Should().BeTrue($"seed {seed} comes back byte for byte");
        }
    }

    [Fact]
    public void What_was_written_here_since_is_exported_as_it_is_now()
    {
        var document = Some(1);
        document["kwargs"] = new BsonDocument("at", new DateTime(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc));
        document["result"] = double.NaN;
        var source = SourceTask.Read(document.ToBson(writerSettings: AsItIs), Rules, out _)!;
        source.Original.Should().NotBeNull();

        var exported = TaskDocument.Make(Stored(source, result: "[1]"u8.ToArray()), source.Original, out _)!;

        using var written = new RawBsonDocument(exported.Bson);
        written["kwargs"]["at"].BsonType.Should().Be(BsonType.DateTime);
        written["result"].Should().Be(new BsonArray { 1 });
    }

    private static BsonDocument Some(int seed)
    {
        var some = new SomeBson(seed);
        var random = new Random(seed);
        var time = new BsonDateTime(random.NextInt64(-1_000_000_000_000, 4_000_000_000_000));

        return new BsonDocument
        {
            { "_id", $"task {seed} ü/%" },
            { "_rev", $"{random.Next(1, 100)}-{seed:x32}" },
            { "version", random.Next(3) },
            { "created_time", time },
            { "updated_time", time },
            { "unique_key", Maybe("key\n\"") },
            { "eta", time },
            { "scheduled", time },
            { "status", ((EventixTaskStatus)(seed % 5)).ToText() },
            { "priority", random.Next(-100, 100) },
            { "namespace", "" },
            { "task", "task" },
            { "args", some.Array() },
            { "kwargs", some.Document() },
            { "worker_id", Maybe("worker") },
            { "worker_expires", seed % 5 == (int)EventixTaskStatus.Processing ? time : Maybe(time) },
            { "retry", seed % 2 == 0 },
            { "max_retries", Maybe(random.Next()) },
            { "error_eta_inc", random.Next() },
            { "error_eta_max", random.Next() },
            { "store_result", seed % 3 == 0 },
            { "result", some.Value(depth: 4) },
            { "error_expires", Maybe(random.Next()) },
            { "result_expires", Maybe(random.Next()) },
            { "expires", Maybe(time) },
            { "operator", Maybe("operator") },
        };

        BsonValue Maybe(BsonValue value) => random.Next(2) == 0 ? value : BsonNull.Value;
    }

    /// <summary>The row that the import makes of a complete document.</summary>
    private static EventixTask Stored(SourceTask source, ReadOnlyMemory<byte>? result = null)
    {
        var task = source.Task;
        return new EventixTask
        {
            Uid = task.Uid,
            ImportedRevision = source.ImportedRevision,
            Version = task.Version,
            CreatedAt = task.CreatedAt!.Value,
            UpdatedAt = source.UpdatedAt!.Value,
            UniqueKey = task.UniqueKey,
            Eta = task.Eta!.Value,
            Scheduled = task.Scheduled!.Value,
            Status = task.Status,
            Priority = task.Priority,
            Namespace = task.Namespace,
            Task = task.Task,
            Args = task.Args,
            Kwargs = task.Kwargs,
            WorkerId = task.WorkerId,
            WorkerExpires = task.WorkerExpires,
            Retry = task.Retry,
            MaxRetries = task.MaxRetries,
            ErrorEtaInc = task.ErrorEtaInc,
            ErrorEtaMax = task.ErrorEtaMax,
            StoreResult = task.StoreResult,
            Result = result ?? task.Result,
            ErrorExpires = task.ErrorExpires,
            ResultExpires = task.ResultExpires,
            Expires = task.Expires,
            Operator = task.Operator,
        };
    }
}
