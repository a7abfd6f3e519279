using Eventix.Domain;

namespace Eventix.Api.Docs;

/// <summary>The shapes of errors, and the rules that a request may break.</summary>
internal static class ErrorDescriptions
{
    public const string Error = "Error";
    public const string Invalid = "Invalid";
    public const string Refused = "Refused";
    public const string Failure = "Failure";

    public const string InvalidExample = """
        {"detail":[{"type":"missing","loc":["body","task"],"msg":"Field required","input":{"args":[]}}]}
        """;

    public const string TooLargeExample = """{"detail":"Payload Too Large"}""";

    public const string UnavailableExample = """
        {"detail":{"error_class":"ServiceUnavailable","error_message":"The database cannot be reached","error_traceback":""}}
        """;

    /// <summary>By `error_class`: the status and an example.</summary>
    public static readonly IReadOnlyDictionary<string, (int Status, string Example)> Classes = new Dictionary<string, (int, string)>(
        StringComparer.Ordinal
    )
    {
        [DomainErrors.NotFound] = Class(DomainErrors.NotFound, 404, "Entry with uid 'a1' not found.", """{"uid":"a1"}"""),
        [DomainErrors.AlreadyExists] = Class(DomainErrors.AlreadyExists, 409, "Entry with uid 'a1' already exists.", """{"uid":"a1"}"""),
        [DomainErrors.RevisionConflict] = Class(
            DomainErrors.RevisionConflict,
            409,
            "revision changed to 3-5f3ad886911c5539b1d326df9c5b06e0",
            """{"revision":"3-5f3ad886911c5539b1d326df9c5b06e0"}"""
        ),
        [DomainErrors.TaskNotUnique] = Class(DomainErrors.TaskNotUnique, 409, "Another task waits under unique_key order-42", "{}"),
        [DomainErrors.NoTaskFoundForUniqueKey] = Class(
            DomainErrors.NoTaskFoundForUniqueKey,
            404,
            "No task for unique_key order-42 and stati None found",
            "{}"
        ),
        [DomainErrors.TaskUniqueKeyNotUnique] = Class(
            DomainErrors.TaskUniqueKeyNotUnique,
            409,
            "Task with unique_key order-42 not unique",
            "{}"
        ),
        [DomainErrors.WrongTaskStatus] = Class(
            DomainErrors.WrongTaskStatus,
            422,
            "Task a1 has wrong status: 'done'",
            """{"uid":"a1","status":"done"}"""
        ),
    };

    public static readonly IReadOnlyList<SchemaDescription> Schemas =
    [
        new(
            Error,
            "A broken rule. Clients rebuild an exception of that class from the payload.",
            [
                new("error_class", "string", "The rule.") { IsRequired = true },
                new("error_message", "string", "For people.") { IsRequired = true },
                new("error_status_code", "integer", "The status of the answer.") { IsRequired = true },
                new("error_traceback", "string", "Always empty; it is there for clients that expect it.") { IsRequired = true },
                new("error_payload", "object", "What the class takes.") { IsRequired = true },
            ]
        ),
        new(
            Invalid,
            "Input of the wrong shape.",
            [new("detail", "FieldError[]", "Everything that is wrong, in the order of the fields.") { IsRequired = true }]
        ),
        new(
            "FieldError",
            "One mistake, in the words of pydantic.",
            [
                new("type", "string", "Its kind, such as `missing` or `int_parsing`.") { IsRequired = true },
                new("loc", "array", "Where: `body`, `query` or `path`, then the field.") { IsRequired = true },
                new("msg", "string", "For people.") { IsRequired = true },
                new("input", "any", "What was sent there."),
                new("ctx", "object", "What would have been allowed."),
            ]
        ),
        new(
            Refused,
            "Refused before any route was asked: an unknown route, a wrong method, a body that is too large or too slow.",
            [new("detail", "string", "The name of the status.") { IsRequired = true }]
        ),
        new(
            Failure,
            "The server could not answer.",
            [new("detail", "FailureDetail", "Nothing of the inside; the log of the server has it.") { IsRequired = true }]
        ),
        new(
            "FailureDetail",
            "What failed.",
            [
                new("error_class", "string", "`ServiceUnavailable` or `InternalServerError`.") { IsRequired = true },
                new("error_message", "string", "For people.") { IsRequired = true },
                new("error_traceback", "string", "Always empty.") { IsRequired = true },
            ]
        ),
    ];

    private static (int, string) Class(string name, int status, string message, string payload) =>
        (
            status,
            $$"""{"error_class":"{{name}}","error_message":"{{message}}","error_status_code":{{status}},"error_traceback":"","error_payload":{{payload}}}"""
        );
}
