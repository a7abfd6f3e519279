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
    public string Uid => Task.Uid;

    public (string Namespace, string? UniqueKey) Key => (Task.Namespace, Task.UniqueKey);

    public bool IsWaitingForKey => Task.UniqueKey is not null && Task.Status.IsWaiting();

    /// <summary>Reads a document. Returns null when it is no task, with the reason.</summary>
    public static SourceTask? Read(byte[] document, IValidator<NewTask> rules, out string reason)
    {
        DocumentFields fields;
        try
        {
            fields = DocumentFields.Read(document);
        }
        catch (Exception damage) when (IsDamage(damage))
        {
            reason = $"The document cannot be read: {damage.Message}";
            return null;
        }

        var updatedAt = fields.Time("updated_time");
        var task = MakeTask(fields);
        reason = fields.Fault ?? FirstFault(rules, task) ?? "";
        if (reason.Length > 0)
            return null;

        // A revision that does not begin with a number from 1 is none that the old server made.
        return Revision.TryReadCounter(task.Revision, out var counter) && counter > 0
            ? new SourceTask(task, updatedAt, counter, task.Revision, document)
            : new SourceTask(task, updatedAt, RevisionCounter: 1, ImportedRevision: null, document);
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

    /// <summary>A completed document for merging.</summary>
    public WaitingTask AsWaiting()
    {
        var age = new TaskAge(Task.CreatedAt.GetValueOrDefault(), Uid);

        return new WaitingTask(age, Task.Eta.GetValueOrDefault(), Task.Priority, Task.Status, Task.Args, Task.Kwargs, age);
    }

    /// <summary>With what others have brought into it. A merge is a write: the revision is a new one, and nobody holds the task.</summary>
    public SourceTask With(WaitingTask merged) =>
        this with
        {
            RevisionCounter = RevisionCounter + 1,
            ImportedRevision = null,
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

    /// <summary>What readers throw at bytes that are no BSON, at text that is no UTF-8, and at endless nesting.</summary>
    public static bool IsDamage(Exception exception) =>
        exception is BsonException or FormatException or IOException or ArgumentException or OverflowException or InvalidOperationException;

    private static NewTask MakeTask(DocumentFields fields) =>
        new()
        {
            Uid = fields.RequiredText("_id"),
            Revision = fields.Revision(),
            Version = fields.Int("version") ?? 1,
            CreatedAt = fields.Time("created_time"),
            UniqueKey = fields.Text("unique_key"),
            Eta = fields.Time("eta"),
            Scheduled = fields.Time("scheduled"),
            Status = fields.Status(),
            Priority = fields.Int("priority") ?? 0,
            Namespace = fields.Text("namespace") ?? EventixTask.DefaultNamespace,
            Task = fields.RequiredText("task"),
            Args = fields.Args ?? "[]"u8.ToArray(),
            Kwargs = fields.Kwargs ?? "{}"u8.ToArray(),
            WorkerId = fields.Text("worker_id"),
            WorkerExpires = fields.Time("worker_expires"),
            Retry = fields.Bool("retry") ?? true,
            MaxRetries = fields.Int("max_retries"),
            ErrorEtaInc = fields.Int("error_eta_inc") ?? EventixTask.DefaultErrorEtaInc,
            ErrorEtaMax = fields.Int("error_eta_max") ?? EventixTask.DefaultErrorEtaMax,
            StoreResult = fields.Bool("store_result") ?? true,
            Result = fields.Result,
            ErrorExpires = fields.Int("error_expires"),
            ResultExpires = fields.Has("result_expires") ? fields.Int("result_expires") : EventixTask.DefaultResultExpires,
            Expires = fields.Time("expires"),
            Operator = fields.Has("operator") ? fields.Text("operator") : EventixTask.DefaultOperator,
        };

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
