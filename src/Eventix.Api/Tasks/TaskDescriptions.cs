using Eventix.Api.Docs;
using Eventix.Domain;

namespace Eventix.Api.Tasks;

/// <summary>The routes of single tasks, told to people.</summary>
internal static class TaskDescriptions
{
    public const string Task = "Task";

    public const string Example = """
        {"uid":"5f3ad886911c5539b1d326df9c5b06e0","revision":"1-0c7e4be7d9a04d5a8f5a4b3e2d1c0b9a","version":1,"created_time":"2026-01-09T10:00:00Z",
        "updated_time":"2026-01-09T10:00:00Z","unique_key":null,"eta":"2026-01-09T10:00:00Z","scheduled":"2026-01-09T10:00:00Z","status":"scheduled",
        "priority":0,"namespace":"default","task":"echo","args":[1,"two"],"kwargs":{"language":"de"},"worker_id":null,"worker_expires":null,
        "retry":true,"max_retries":null,"error_eta_inc":15,"error_eta_max":300,"store_result":true,"result":null,"error_expires":null,
        "result_expires":604800,"expires":null,"operator":"unknown"}
        """;

    public static readonly IReadOnlyList<SchemaDescription> Schemas =
    [
        new(
            Task,
            "A task. Answers have every field but the last two, in this order; a request needs only `task`. Fields that are not known are ignored.",
            [
                new("uid", "string?", "Any text; 32 hex characters are made up for a task without one."),
                new("revision", "string?", "`<counter>-<32 hex>`, opaque: a write must send the one that it read."),
                new("version", "integer?", "Kept as it is.", "1"),
                new("created_time", "datetime?", "Default: now."),
                new("updated_time", "datetime?", "Set by every write."),
                new("unique_key", "string?", "At most one waiting task of a namespace has the key. Empty is a key too."),
                new("eta", "datetime?", "When it may run at the earliest. Default: now."),
                new("scheduled", "datetime?", "When it was made. Default: now."),
                new("status", "string?", "Waiting are `scheduled` and `retry`; finished are `done` and `error`.", "\"scheduled\"")
                {
                    Words = ["scheduled", "processing", "done", "error", "retry"],
                },
                new("priority", "integer?", "Lower runs first.", "0"),
                new("namespace", "string?", "Workers work for namespaces.", "\"default\""),
                new("task", "string", "The name of what is to be run.") { IsRequired = true },
                new("args", "array?", "Arguments by position.", "[]"),
                new("kwargs", "object?", "Arguments by name.", "{}"),
                new("worker_id", "string?", "Who claimed it."),
                new("worker_expires", "datetime?", "When the lease of that worker ends."),
                new("retry", "boolean", "Whether a failure is tried again.", "true"),
                new("max_retries", "integer?", "How often; null for ever."),
                new("error_eta_inc", "integer", "Seconds until the next try; they double.", "15"),
                new("error_eta_max", "integer", "Seconds that they grow to.", "300"),
                new("store_result", "boolean", "Whether a result is kept.", "true"),
                new("result", "any", "What it returned, or an error object."),
                new("error_expires", "integer?", "Seconds that a failed task is kept; null for ever."),
                new("result_expires", "integer?", "Seconds that a result is kept; null for ever.", "604800"),
                new("expires", "datetime?", "When a finished task is deleted."),
                new("operator", "string?", "Who wanted it.", "\"unknown\""),
                new("progress", "integer", "How far its last run said it was, 0 to 100. Only in answers, and absent when it said nothing."),
                new("progress_message", "string", "What it said about that. Absent likewise."),
            ]
        ),
    ];

    public static readonly IReadOnlyList<RouteDescription> Routes =
    [
        new(
            "POST /task",
            "Post a task",
            "With a `unique_key` under which a task of the same namespace waits, that task is changed instead and answered: it takes the earlier `eta`, the smaller "
                + "`priority`, and the posted `args` and `kwargs`."
        )
        {
            Body = new(Task, """{"task": "echo", "args": [1, "two"], "kwargs": {"language": "de"}, "unique_key": "order-42"}"""),
            Answers = [new(200, "What is stored.", Task, Example)],
            Errors = [DomainErrors.AlreadyExists],
        },
        new("GET /task/{uid}", "Get a task", "") { Answers = [new(200, "The task.", Task, Example)], Errors = [DomainErrors.NotFound] },
        new(
            "PUT /task/{uid}",
            "Write a task back",
            "The whole task: fields that are not sent get their defaults. The `revision` must be the stored one. A task that is not there is created. "
                + "A claimed task that returns to waiting while another one waits under its `unique_key` ends as `error` of the class `Superseded`; "
                + "any other write that would make a second waiting task of a key is refused."
        )
        {
            Body = new(Task, """{"task": "echo", "status": "done", "result": [1, "two"]}"""),
            Answers = [new(200, "What is stored, with its new revision.", Task, Example)],
            Errors = [DomainErrors.RevisionConflict, DomainErrors.TaskNotUnique],
        },
        new("DELETE /task/{uid}", "Delete a task", "Whatever its status.")
        {
            Query = [new("revision", "string", "Delete only while the task still has it. New in 4.4.")],
            Answers = [new(200, "It is gone.", "null", "null")],
            Errors = [DomainErrors.NotFound, DomainErrors.RevisionConflict],
        },
        new(
            "GET /task/{uid}/reschedule",
            "Run a failed task again",
            "One that is `error` or `retry` becomes `scheduled`. Though a GET, it changes the task."
        )
        {
            Query = [new("eta", "datetime", "When it may run. Default: now.")],
            Answers = [new(200, "The task, with its new revision.", Task, Example)],
            Errors = [DomainErrors.NotFound, DomainErrors.RevisionConflict, DomainErrors.TaskNotUnique, DomainErrors.WrongTaskStatus],
        },
        new("GET /task/by_unique_key/{namespace}/{unique_key}", "Get a task by its key", "Of several the one that arrived first.")
        {
            Query =
            [
                new("stati", "string[]", "Statuses that it may have, each as a parameter of its own. Default: `scheduled` and `retry`."),
            ],
            Answers = [new(200, "The task.", Task, Example)],
            Errors = [DomainErrors.NoTaskFoundForUniqueKey],
        },
        new("GET /task/by_unique_key/{unique_key}", "Get a waiting task by its key, of all namespaces", "Better ask by namespace and key.")
        {
            Answers = [new(200, "The task.", Task, Example)],
            Errors = [DomainErrors.NoTaskFoundForUniqueKey, DomainErrors.TaskUniqueKeyNotUnique],
        },
        new("DELETE /task/by_unique_key/{unique_key}", "Delete a waiting task by its key, of all namespaces", "")
        {
            Answers = [new(200, "It is gone.", "null", "null")],
            Errors = [DomainErrors.NoTaskFoundForUniqueKey, DomainErrors.TaskUniqueKeyNotUnique],
        },
    ];
}
