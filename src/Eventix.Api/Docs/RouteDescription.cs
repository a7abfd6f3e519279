namespace Eventix.Api.Docs;

/// <summary>What people should know of a route.</summary>
/// <param name="Route">Its method and pattern, as it is mapped: `GET /task/{uid}`.</param>
/// <param name="Summary">What it does, in a few words.</param>
/// <param name="Text">What else there is to know. Markdown.</param>
internal sealed record RouteDescription(string Route, string Summary, string Text)
{
    /// <summary>Clients of Eventix 4.3 know this route.</summary>
    public bool IsLegacy { get; init; } = true;

    /// <summary>It is answered without a look at the database.</summary>
    public bool NeedsNoDatabase { get; init; }

    public IReadOnlyList<FieldDescription> Query { get; init; } = [];

    /// <summary>Null when it takes none.</summary>
    public BodyDescription? Body { get; init; }

    public IReadOnlyList<AnswerDescription> Answers { get; init; } = [];

    /// <summary>Members of <see cref="ErrorDescriptions.Classes"/>: the rules that a request may break.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];
}

/// <summary>A member of a JSON object, or a parameter of a query.</summary>
/// <param name="Type">In the notation of <see cref="SchemaNotation"/>.</param>
/// <param name="Default">What an absent one stands for, as JSON; null when it is told in the text, or when there is none.</param>
internal sealed record FieldDescription(string Name, string Type, string Text, string? Default = null)
{
    public bool IsRequired { get; init; }

    public IReadOnlyList<string> Words { get; init; } = [];
}

/// <summary>A JSON object that has a name, with its members in the order in which they are written.</summary>
internal sealed record SchemaDescription(string Name, string Text, IReadOnlyList<FieldDescription> Fields);

/// <param name="Type">In the notation of <see cref="SchemaNotation"/>.</param>
/// <param name="Example">JSON.</param>
internal sealed record BodyDescription(string Type, string Example)
{
    public bool IsOptional { get; init; }
}

/// <param name="Type">In the notation of <see cref="SchemaNotation"/>; null for an empty answer.</param>
/// <param name="Example">JSON, or text for another content type; null for an empty answer.</param>
internal sealed record AnswerDescription(int Status, string Text, string? Type = null, string? Example = null)
{
    public string ContentType { get; init; } = Http.JsonAnswer.ContentType;
}
