using Eventix.Api.Docs;

namespace Eventix.Api.Tasks;

/// <summary>The routes of lists, told to people.</summary>
internal static class ListDescriptions
{
    private const string TaskList = "TaskList";

    private const string Paging =
        "\n\nWithout a `limit` the answer has all of them, and streams. Further pages cost as little as the first by `after`: the `next` of the page before.";

    private const string ListExample = $$"""
        {"data":{"5f3ad886911c5539b1d326df9c5b06e0":{{TaskDescriptions.Example}}},"skip":null,"limit":1,"max_results":2,"sort":null,"view":null,
        "ids":["5f3ad886911c5539b1d326df9c5b06e0"],"next":"1"}
        """;

    private static readonly FieldDescription[] Common =
    [
        new("skip", "integer?", "How many to leave out at the start."),
        new("limit", "integer?", "How many at most; 0 or null for all."),
        new(
            "sort",
            "string?",
            "Fields with commas between them, each with `-` before it for descending. In place of the list's own order."
        ),
        new("view", "string?", "Comes back as it is."),
        new(
            "filter",
            "object?",
            "Fields and the values they have, or `$in`, `$nin`, `$ne`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`; `$and` and `$or` of filters. "
                + "`kwargs.order.id` and the like lead into `args`, `kwargs` and `result`, which are compared for equality."
        ),
        new("after", "string?", "The `next` of the page before. Not together with `sort`. New in 4.4."),
        new("count", "boolean", "`false` leaves `max_results` out, which takes longer than a page. New in 4.4.", "true"),
    ];

    public static readonly IReadOnlyList<SchemaDescription> Schemas =
    [
        new(
            "ListByStatus",
            "Which tasks. Everything may be left out.",
            [new("status", "string?", "A status; an unknown one matches nothing."), new("namespace", "string?", "A namespace."), .. Common]
        ),
        new(
            "ListByTask",
            "Which tasks.",
            [new("task", "string", "The name of a task.") { IsRequired = true }, new("namespace", "string?", "A namespace."), .. Common]
        ),
        new("Dump", "Which tasks. Everything may be left out.", Common),
        new(
            TaskList,
            "A part of a list.",
            [
                new("data", "Task{}", "The tasks by uid.") { IsRequired = true },
                new("skip", "integer?", "As it was sent.") { IsRequired = true },
                new("limit", "integer?", "As it was sent.") { IsRequired = true },
                new("max_results", "integer?", "How many match, with those that were left out or cut off; null when it was not asked for.")
                {
                    IsRequired = true,
                },
                new("sort", "null", "Always null.") { IsRequired = true },
                new("view", "string?", "As it was sent.") { IsRequired = true },
                new("ids", "string[]", "The uids in the order of the list.") { IsRequired = true },
                new("next", "string?", "Where the next page begins; null when this one was not cut off, or was sorted.")
                {
                    IsRequired = true,
                },
            ]
        ),
        new("Namespaces", "Namespaces.", [new("namespaces", "string[]", "By code point.") { IsRequired = true }]),
        new("TaskTypes", "Names of tasks.", [new("task_types", "string[]", "By code point.") { IsRequired = true }]),
    ];

    public static readonly IReadOnlyList<RouteDescription> Routes =
    [
        new("PUT /tasks/by_status", "List tasks of a status", "In the order of their arrival." + Paging)
        {
            Body = new("ListByStatus", """{"status": "error", "namespace": "default", "limit": 10, "filter": {"priority": {"$lt": 0}}}""")
            {
                IsOptional = true,
            },
            Answers = [new(200, "The list.", TaskList, ListExample)],
        },
        new(
            "PUT /tasks/by_task",
            "List tasks of a name",
            "`scheduled`, `processing`, `retry`, `error`, `done`; within each the latest `eta` first." + Paging
        )
        {
            Body = new("ListByTask", """{"task": "echo", "limit": 10, "sort": "-priority,eta"}"""),
            Answers = [new(200, "The list.", TaskList, ListExample)],
        },
        new("PUT /tasks/dump", "List all tasks", "By uid." + Paging)
        {
            Body = new("Dump", """{"limit": 10, "skip": 0}""") { IsOptional = true },
            Answers = [new(200, "The list.", TaskList, ListExample)],
        },
        new("GET /namespaces", "The namespaces that tasks have", "")
        {
            Answers = [new(200, "Their names.", "Namespaces", """{"namespaces":["default","mail"]}""")],
        },
        new("GET /namespace/{namespace}/task_types", "The names that tasks of a namespace have", "")
        {
            Answers = [new(200, "The names.", "TaskTypes", """{"task_types":["echo","sleep"]}""")],
        },
    ];
}
