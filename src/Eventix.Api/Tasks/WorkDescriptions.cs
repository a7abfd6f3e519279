using Eventix.Api.Docs;
using Eventix.Domain;

namespace Eventix.Api.Tasks;

/// <summary>The routes of workers and of whoever posts many tasks, told to people.</summary>
internal static class WorkDescriptions
{
    private const string Revision = "1-0c7e4be7d9a04d5a8f5a4b3e2d1c0b9a";

    private const string HeartbeatExample = """{"uid":"a1","state":"extended","worker_expires":"2026-01-09T10:05:00Z"}""";

    private const string BatchExample = $$$"""
        [{"status":200,"task":{{{TaskDescriptions.Example}}}},{"status":422,"error":{{{ErrorDescriptions.InvalidExample}}}}]
        """;

    public static readonly IReadOnlyList<SchemaDescription> Schemas =
    [
        new(
            "BatchItem",
            "What became of one task of a batch: as if it had been sent alone.",
            [
                new("status", "integer", "The status that it alone would have been answered with.") { IsRequired = true },
                new("task", "Task", "What is stored; with the status 200."),
                new("error", "Error|Invalid|Failure", "Why not; with any other status."),
            ]
        ),
        new(
            "Claim",
            "Who wants which tasks.",
            [
                new("worker_id", "string", "Who claims.") { IsRequired = true },
                new("namespaces", "string[]", "Where from; 1 to 100.") { IsRequired = true },
                new("tasks", "string[]?", "Only tasks of these names, 1 to 1000; any when absent."),
                new("limit", "integer?", "How many at most; 1 to 1000. Default: 1."),
                new(
                    "wait",
                    "integer?",
                    "Seconds to wait for a task when none is due; 0 to 60. Default: what the server is set to, else 0."
                ),
                new("lease", "integer?", "Seconds that the tasks are held; 1 to 86400. Default: what the server is set to, else 300."),
                new("claim_id", "string?", "Made up by the client: the same claim sent again is answered with the same tasks."),
            ]
        ),
        new(
            "Heartbeat",
            "What is held.",
            [
                new("revision", "string", "As the claim answered it.") { IsRequired = true },
                new("lease", "integer?", "Seconds from now; 1 to 86400. Default: what the server is set to, else 300."),
            ]
        ),
        new(
            "HeartbeatOfMany",
            "What is held.",
            [
                new("tasks", "HeldTask[]", "1 to 10,000.") { IsRequired = true },
                new("lease", "integer?", "Seconds from now, for all; 1 to 86400. Default: what the server is set to, else 300."),
            ]
        ),
        new(
            "HeldTask",
            "A task that a worker holds.",
            [
                new("uid", "string", "Its uid.") { IsRequired = true },
                new("revision", "string", "As the claim answered it.") { IsRequired = true },
            ]
        ),
        new(
            "LeaseState",
            "How it stands with a lease.",
            [
                new("uid", "string", "Of the task.") { IsRequired = true },
                new(
                    "state",
                    "string",
                    "`extended`; `cancelled`: extended, but somebody asked the task to end; `lost`: the task is not the worker's any more, and nothing was changed."
                )
                {
                    IsRequired = true,
                    Words = ["extended", "cancelled", "lost"],
                },
                new("worker_expires", "datetime?", "When the lease ends now; null when it is lost.") { IsRequired = true },
            ]
        ),
    ];

    public static readonly IReadOnlyList<RouteDescription> Routes =
    [
        new(
            "GET /tasks/next_scheduled",
            "Claim the next task",
            "The due task of the smallest `priority`, then of the earliest `eta`. It is `processing` then, and held by a lease. Though a GET, it changes the task."
        )
        {
            Query =
            [
                new("worker_id", "string", "Who claims.") { IsRequired = true },
                new("namespace", "string", "Where from.") { IsRequired = true },
                new("wait", "integer", "Seconds to wait for a task when none is due; 0 to 60. New in 4.4."),
            ],
            Answers = [new(200, "The claimed task.", TaskDescriptions.Task, TaskDescriptions.Example), new(204, "No task is due.")],
        },
        new(
            "POST /tasks/claim",
            "Claim tasks",
            "As many as there are up to `limit`, the most important first. It waits only while there is none."
        )
        {
            IsLegacy = false,
            Body = new(
                "Claim",
                """{"worker_id": "w1", "namespaces": ["default", "mail"], "tasks": ["echo"], "limit": 10, "wait": 0, "lease": 60, "claim_id": "c1"}"""
            ),
            Answers = [new(200, "The claimed tasks; none is an empty array.", "Task[]", $"[{TaskDescriptions.Example}]")],
        },
        new(
            "POST /tasks/batch",
            "Post many tasks",
            "An array of 1 to 10,000, stored a thousand in a transaction, in the order given. What is wrong with one does not touch the others."
        )
        {
            IsLegacy = false,
            Body = new("Task[]", """[{"task": "echo", "args": [1]}, {"task": "echo", "args": [2], "unique_key": "order-42"}]"""),
            Answers = [new(200, "One item for each, in order.", "BatchItem[]", BatchExample)],
        },
        new(
            "PUT /tasks/batch",
            "Write many tasks back",
            "An array of 1 to 10,000 whole tasks, each with `uid` and `revision`. The same outcome sent again under the same revision is answered as the first time."
        )
        {
            IsLegacy = false,
            Body = new(
                "Task[]",
                $$"""[{"uid": "a1", "revision": "{{Revision}}", "task": "echo", "status": "done", "result": [1, "two"]}]"""
            ),
            Answers = [new(200, "One item for each, in order.", "BatchItem[]", BatchExample)],
        },
        new("POST /task/{uid}/heartbeat", "Extend the lease of a task", "The revision stays as it is.")
        {
            IsLegacy = false,
            Body = new("Heartbeat", $$"""{"revision": "{{Revision}}", "lease": 300}"""),
            Answers = [new(200, "How it stands.", "LeaseState", HeartbeatExample)],
        },
        new("POST /tasks/heartbeat", "Extend the leases of many tasks", "Revisions stay as they are.")
        {
            IsLegacy = false,
            Body = new("HeartbeatOfMany", $$"""{"tasks": [{"uid": "a1", "revision": "{{Revision}}"}], "lease": 300}"""),
            Answers = [new(200, "How it stands with each, in order.", "LeaseState[]", $"[{HeartbeatExample}]")],
        },
        new(
            "POST /task/{uid}/cancel",
            "Cancel a task",
            "A waiting one ends as `error` of the class `TaskCancelled`. A running one is asked to end: its worker is told by its next heartbeat, and its outcome decides."
        )
        {
            IsLegacy = false,
            Answers = [new(200, "What is stored.", TaskDescriptions.Task, TaskDescriptions.Example)],
            Errors = [DomainErrors.NotFound, DomainErrors.WrongTaskStatus],
        },
    ];
}
