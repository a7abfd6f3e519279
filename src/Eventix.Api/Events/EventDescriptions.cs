using Eventix.Api.Docs;
using Eventix.Api.Tasks;

namespace Eventix.Api.Events;

/// <summary>The routes of events, told to people.</summary>
internal static class EventDescriptions
{
    public static readonly IReadOnlyList<SchemaDescription> Schemas =
    [
        new(
            "Event",
            "Something that happened. Nothing is required.",
            [
                new("uid", "string?", "Any text; an event is stored once per uid."),
                new("revision", "string?", "Counted on from."),
                new("version", "integer?", "Kept as it is.", "1"),
                new("created_time", "datetime?", "Default: now."),
                new("updated_time", "datetime?", "Set by every write."),
                new("namespace", "string?", "Where its tasks go.", "\"default\""),
                new("timestamp", "datetime?", "When it happened. Default: now."),
                new("priority", "integer?", "Of its tasks; lower runs first.", "0"),
                new("payload", "object?", "What there is to know of it.", "{}"),
                new("name", "string?", "What happened.", "\"TEventixEvent\""),
                new("operator", "string?", "Who did it. Default: `ACCOUNT_ID` of the server's environment."),
            ]
        ),
    ];

    public static readonly IReadOnlyList<RouteDescription> Routes =
    [
        new("POST /event", "Post an event", "It is stored once per `uid`.")
        {
            Body = new("Event", """{"name": "order_placed", "payload": {"order": 42}}"""),
            Answers = [new(200, "The tasks that it made.", "Task[]", $"[{TaskDescriptions.Example}]")],
        },
    ];
}
