using Eventix.Api.Docs;

namespace Eventix.Api.Operations;

/// <summary>The routes about the host and its work, told to people.</summary>
internal static class OperationsDescriptions
{
    /// <summary>Answered before routing, for any method.</summary>
    public static readonly RouteDescription Health = new(
        "GET /healthz",
        "Whether the process is there",
        "For any method, and without a look at the database."
    )
    {
        NeedsNoDatabase = true,
        Answers = [new(200, "It is.", "Health", """{"status": "healthy"}""")],
    };

    public static readonly IReadOnlyList<SchemaDescription> Schemas =
    [
        new("Health", "The state of the host.", [new("status", "string", "`healthy`, `alive` or `ready`.") { IsRequired = true }]),
        new(
            "Readiness",
            "Whether the host is ready.",
            [
                new("status", "string", "`ready`.") { IsRequired = true },
                new(
                    "vacuum_held_by",
                    "VacuumHolder[]?",
                    "With `verbose`. The worst first, 20 at most; empty when nothing holds it back. Null when the role of the host may not look."
                ),
            ]
        ),
        new(
            "VacuumHolder",
            "What may still look at rows as they were. What is not known, or hidden from the role of the host, is null.",
            [
                new("kind", "string", "What it is.")
                {
                    IsRequired = true,
                    Words = ["transaction", "prepared_transaction", "standby", "replication_slot"],
                },
                new("name", "string", "The pid, the gid, or the name of the standby or the slot.") { IsRequired = true },
                new("holds", "string", "`catalogs` are PostgreSQL's own tables only.")
                {
                    IsRequired = true,
                    Words = ["tables", "catalogs"],
                },
                new("pid", "integer?", "The backend.") { IsRequired = true },
                new("database", "string?", "Where it is: one that has written in another database counts here too.") { IsRequired = true },
                new("user", "string?", "Its role.") { IsRequired = true },
                new("application", "string?", "Its `application_name`.") { IsRequired = true },
                new("client", "string?", "Its IP address; null for a socket.") { IsRequired = true },
                new("backend", "string?", "What kind of process, or of slot.") { IsRequired = true },
                new("state", "string?", "Such as `idle in transaction`, or `inactive`.") { IsRequired = true },
                new(
                    "seconds",
                    "number",
                    "For how long. Of a standby, a slot, or what is hidden: for at least so long as this host has seen it."
                )
                {
                    IsRequired = true,
                },
                new("transactions", "integer", "How many have begun since; what they deleted or replaced cannot be removed.")
                {
                    IsRequired = true,
                },
                new("remedy", "string", "What to do about it.") { IsRequired = true },
            ]
        ),
        new("Version", "The version of the server.", [new("version", "string", "Such as `4.4.0`.") { IsRequired = true }]),
        new(
            "Metrics",
            "Numbers as clients of 4.3 know them.",
            [
                new("memory", "Memory", "Of this process.") { IsRequired = true },
                new("worker", "Workers", "Of all hosts.") { IsRequired = true },
                new("tasks", "TaskNumbers", "Of all namespaces.") { IsRequired = true },
            ]
        ),
        new(
            "Memory",
            "Bytes.",
            [
                new("rss", "integer", "Physical memory.") { IsRequired = true },
                new("vms", "integer", "Address space.") { IsRequired = true },
                new("data", "integer", "Data and stack.") { IsRequired = true },
            ]
        ),
        new("Workers", "Who works.", [new("number_of_worker", "integer", "Workers that hold a lease.") { IsRequired = true }]),
        new(
            "TaskNumbers",
            "Tasks by status.",
            [
                new("scheduled", "integer", "Waiting.") { IsRequired = true },
                new("retry", "integer", "Waiting for another try.") { IsRequired = true },
                new("error", "integer", "Failed.") { IsRequired = true },
                new("done", "integer", "Done.") { IsRequired = true },
            ]
        ),
        new(
            "TaskStats",
            "How much there is to do, and how late it is.",
            [
                new("age", "number", "Seconds since `workers` and `namespaces` were counted; at most 10.") { IsRequired = true },
                new("workers", "integer", "Workers that hold a lease.") { IsRequired = true },
                new("namespaces", "NamespaceStats[]", "Those with tasks that are not done.") { IsRequired = true },
                new("counts_age", "number?", "Seconds since `counts` were counted; null while the first count is on its way.")
                {
                    IsRequired = true,
                },
                new("counts", "TaskCounts[]?", "By namespace and name.") { IsRequired = true },
            ]
        ),
        new(
            "NamespaceStats",
            "One namespace.",
            [
                new("namespace", "string", "Its name.") { IsRequired = true },
                new("waiting", "integer", "`scheduled` and `retry`.") { IsRequired = true },
                new("processing", "integer", "Leased to workers.") { IsRequired = true },
                new("error", "integer", "Failed.") { IsRequired = true },
                new("oldest_due", "datetime?", "The earliest `eta` that has passed; null when nothing is due.") { IsRequired = true },
                new("lag", "number?", "Seconds since then.") { IsRequired = true },
            ]
        ),
        new(
            "TaskCounts",
            "Tasks of one name in one namespace, by status.",
            [
                new("namespace", "string", "The namespace.") { IsRequired = true },
                new("task", "string", "The name.") { IsRequired = true },
                new("scheduled", "integer", "Waiting.") { IsRequired = true },
                new("processing", "integer", "Leased to workers.") { IsRequired = true },
                new("done", "integer", "Done.") { IsRequired = true },
                new("error", "integer", "Failed.") { IsRequired = true },
                new("retry", "integer", "Waiting for another try.") { IsRequired = true },
            ]
        ),
    ];

    public static readonly IReadOnlyList<RouteDescription> Routes =
    [
        new("GET /version", "The version of the server", "")
        {
            NeedsNoDatabase = true,
            Answers = [new(200, "The version.", "Version", """{"version":"4.4.0"}""")],
        },
        new("GET /livez", "Whether the process is there", "Without a look at the database.")
        {
            IsLegacy = false,
            NeedsNoDatabase = true,
            Answers = [new(200, "It is.", "Health", """{"status":"alive"}""")],
        },
        new(
            "GET /readyz",
            "Whether requests can be answered",
            "It looks at the database; 503 while that cannot be reached. With `verbose` it also tells what keeps vacuum from removing dead rows; "
                + "that makes no host unready."
        )
        {
            IsLegacy = false,
            Query = [new("verbose", "any", "Its presence counts, whatever its value.")],
            Answers =
            [
                new(
                    200,
                    "They can.",
                    "Readiness",
                    """
                    {"status":"ready","vacuum_held_by":[{"kind":"transaction","name":"4242","holds":"tables","pid":4242,"database":"eventix",
                    "user":"report","application":"psql","client":"10.0.0.7","backend":"client backend","state":"idle in transaction",
                    "seconds":312.4,"transactions":51234,
                    "remedy":"Commit its transaction, roll it back, or end its connection: SELECT pg_terminate_backend(4242)"}]}
                    """
                ),
            ],
        },
        new(
            "GET /metrics",
            "Numbers for monitoring",
            "JSON as before; Prometheus' text format for a client whose `Accept` names `text/plain` or `application/openmetrics-text`."
        )
        {
            Answers =
            [
                new(
                    200,
                    "The numbers.",
                    "Metrics",
                    """
                    {"memory":{"rss":120000000,"vms":270000000000,"data":300000000},"worker":{"number_of_worker":2},
                    "tasks":{"scheduled":10,"retry":1,"error":3,"done":1000}}
                    """
                ),
                new(
                    200,
                    "The numbers.",
                    "string",
                    "# HELP eventix_workers Workers that hold a lease.\n# TYPE eventix_workers gauge\neventix_workers 2\n"
                )
                {
                    ContentType = PrometheusText.ContentType,
                },
            ],
        },
        new("GET /tasks/stats", "How much there is to do", "Cheap at any size, since the numbers may be a little old; they say how old.")
        {
            IsLegacy = false,
            Answers =
            [
                new(
                    200,
                    "The numbers.",
                    "TaskStats",
                    """
                    {"age":1.5,"workers":2,"namespaces":[{"namespace":"default","waiting":11,"processing":2,"error":3,
                    "oldest_due":"2026-01-09T10:00:00Z","lag":2.5}],"counts_age":12.0,"counts":[{"namespace":"default","task":"echo",
                    "scheduled":10,"processing":2,"done":1000,"error":3,"retry":1}]}
                    """
                ),
            ],
        },
    ];
}
