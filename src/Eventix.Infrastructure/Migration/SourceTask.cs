using System.Text.Json;
using Eventix.Application.Tasks;
using Eventix.Domain.Tasks;
using FluentValidation;
using MongoDB.Bson;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// A document of the old server's `task` collection: every field of a task under its wire name, but `_id` for the uid and `_rev` for the
/// revision. Missing fields, and `null` where a task needs a value, become the defaults of the model; unknown fields are not taken over.
/// </summary>
/// <param name="Task">Its revision is the document's `_rev`.</param>
/// <param name="UpdatedAt">Null for now.</param>
/// <param name="RevisionCounter">The number of the document's revision, on which the stored task counts on.</param>
/// <param name="ImportedRevision">What clients see until the first write here; null when the document has no revision, or was merged.</param>
/// <param name="Document">The whole document as it stood in the dump.</param>
internal sealed record SourceTask(NewTask Task, DateTimeOffset? UpdatedAt, long RevisionCounter, string? ImportedRevision, byte[] Document)
{
    private static readonly ReadOnlyMemory<byte> NoArgs = "[]"u8.ToArray();
    private static readonly ReadOnlyMemory<byte> NoKwargs = "{}"u8.ToArray();

    public string Uid => Task.Uid;

    /// <summary>What the JSON of args, kwargs and result does not give back: see <see cref="OriginalValues"/>. Null for nearly all.</summary>
    public byte[]? Original { get; init; }

    /// <summary>Names of the document's fields that no task has.</summary>
    public IReadOnlyList<string> Unknown { get; init; } = [];

    public (string Namespace, string? UniqueKey) Key => (Task.Namespace, Task.UniqueKey);

    public bool IsWaitingForKey => Task.UniqueKey is not null && Task.Status.IsWaiting();

    /// <summary>Reads a document. Returns null when it is no task, with the reason.</summary>
    public static SourceTask? Read(byte[] document, IValidator<NewTask> rules, out string reason)
    {
        try
        {
            var fields = new DocumentFields(document);
            var updatedAt = fields.Time(LegacyField.UpdatedTime);
            var task = MakeTask(ref fields, out var original);
            reason = fields.Fault ?? FirstFault(rules, task) ?? "";
            if (reason.Length > 0)
                return null;

            // A revision that does not begin with a number from 1 is none that the old server made.
            var isOwn = Revision.TryReadCounter(task.Revision, out var counter) && counter > 0;
            return new SourceTask(task, updatedAt, isOwn ? counter : 1, isOwn ? task.Revision : null, document)
            {
                Original = original,
                Unknown = fields.Unknown,
            };
        }
        catch (FormatException damage)
        {
            reason = $"The document cannot be read: {damage.Message}";
            return null;
        }
    }

    /// <summary>The same with every time that was missing, by the database's clock, and with a lease when it is running.</summary>
    public SourceTask Completed(DateTimeOffset now) =>
        this with
        {
            UpdatedAt = UpdatedAt ?? now,
            Task = Task with
            {
                CreatedAt = Task.CreatedAt ?? now,
                Eta = Task.Eta ?? now,
                Scheduled = Task.Scheduled ?? now,
                WorkerExpires =
                    Task.WorkerExpires ?? (Task.Status == EventixTaskStatus.Processing ? now.AddSeconds(EventixTask.DefaultLease) : null),
            },
        };

    /// <summary>
    /// The same without a worker, ready to be claimed. That is a write: a worker that still runs it can no longer write it back.
    /// </summary>
    public SourceTask Released()
    {
        var isHeld = Task.Status == EventixTaskStatus.Processing || (Task.Status.IsWaiting() && Task.WorkerId is not null);

        return !isHeld
            ? this
            : this with
            {
                RevisionCounter = RevisionCounter + 1,
                ImportedRevision = null,
                Task = Task with
                {
                    Status = Task.Status == EventixTaskStatus.Processing ? EventixTaskStatus.Scheduled : Task.Status,
                    WorkerId = null,
                    WorkerExpires = null,
                },
            };
    }

    /// <summary>A completed document for merging.</summary>
    public WaitingTask AsWaiting()
    {
        var age = new TaskAge(Task.CreatedAt.GetValueOrDefault(), Uid);

        return new WaitingTask(age, Task.Eta.GetValueOrDefault(), Task.Priority, Task.Status, Task.Args, Task.Kwargs, age, Original);
    }

    /// <summary>With what others have brought into it. A merge is a write: the revision is a new one, and nobody holds the task.</summary>
    public SourceTask With(WaitingTask merged) =>
        this with
        {
            RevisionCounter = RevisionCounter + 1,
            ImportedRevision = null,
            Original = OriginalValues.Merged(merged.ArgumentsOriginal, Original),
            Task = Task with
            {
                Eta = merged.Eta,
                Priority = merged.Priority,
                Status = merged.Status,
                Args = merged.Args,
                Kwargs = merged.Kwargs,
                WorkerId = null,
                WorkerExpires = null,
            },
        };

    private static NewTask MakeTask(ref DocumentFields fields, out byte[]? original)
    {
        var (argsAreExact, kwargsAreExact, resultIsExact) = (true, true, true);
        var args = fields.Json(LegacyField.Args, BsonType.Array, "an array", ref argsAreExact);
        var kwargs = fields.Json(LegacyField.Kwargs, BsonType.Document, "a document", ref kwargsAreExact);
        var result = fields.Json(LegacyField.Result, only: null, "", ref resultIsExact);
        original = OriginalValues.Of(ref fields, argsAreExact, kwargsAreExact, resultIsExact);

        return new()
        {
            Uid = fields.RequiredText(LegacyField.Id),
            Revision = fields.Revision(),
            Version = fields.Int(LegacyField.Version) ?? 1,
            CreatedAt = fields.Time(LegacyField.CreatedTime),
            UniqueKey = fields.Text(LegacyField.UniqueKey),
            Eta = fields.Time(LegacyField.Eta),
            Scheduled = fields.Time(LegacyField.Scheduled),
            Status = fields.Status(),
            Priority = fields.Int(LegacyField.Priority) ?? 0,
            Namespace = fields.Text(LegacyField.Namespace) ?? EventixTask.DefaultNamespace,
            Task = fields.RequiredText(LegacyField.Task),
            Args = args ?? NoArgs,
            Kwargs = kwargs ?? NoKwargs,
            WorkerId = fields.Text(LegacyField.WorkerId),
            WorkerExpires = fields.Time(LegacyField.WorkerExpires),
            Retry = fields.Bool(LegacyField.Retry) ?? true,
            MaxRetries = fields.Int(LegacyField.MaxRetries),
            ErrorEtaInc = fields.Int(LegacyField.ErrorEtaInc) ?? EventixTask.DefaultErrorEtaInc,
            ErrorEtaMax = fields.Int(LegacyField.ErrorEtaMax) ?? EventixTask.DefaultErrorEtaMax,
            StoreResult = fields.Bool(LegacyField.StoreResult) ?? true,
            Result = result,
            ErrorExpires = fields.Int(LegacyField.ErrorExpires),
            ResultExpires = fields.Has(LegacyField.ResultExpires)
                ? fields.Int(LegacyField.ResultExpires)
                : EventixTask.DefaultResultExpires,
            Expires = fields.Time(LegacyField.Expires),
            Operator = fields.Has(LegacyField.Operator) ? fields.Text(LegacyField.Operator) : EventixTask.DefaultOperator,
        };
    }

    private static string? FirstFault(IValidator<NewTask> rules, NewTask task)
    {
        var faults = rules.Validate(task).Errors;
        if (faults.Count == 0)
            return null;

        var field = faults[0].PropertyName switch
        {
            nameof(NewTask.Uid) => "_id",
            nameof(NewTask.Revision) => "_rev",
            var name => JsonNamingPolicy.SnakeCaseLower.ConvertName(name),
        };
        return $"{field} {DocumentFields.Shown(faults[0].AttemptedValue as string)} cannot be stored: {faults[0].ErrorMessage}.";
    }
}
