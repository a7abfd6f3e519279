using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Eventix.Api.Docs;

/// <summary>
/// Types in a few characters: `string`, `integer`, `number`, `boolean`, `datetime`, `object`, `array`, `any`, or the name of a schema; with `?`
/// behind it when null is allowed too, with `[]` for an array of it, with `{}` for an object that has it under any name; several with `|` between them for one of them.
/// </summary>
internal static class SchemaNotation
{
    public static IOpenApiSchema Read(string type, OpenApiDocument document)
    {
        if (type.Contains('|', StringComparison.Ordinal))
            return new OpenApiSchema { AnyOf = [.. type.Split('|').Select(one => Read(one, document))] };
        if (type.EndsWith("[]", StringComparison.Ordinal))
            return new OpenApiSchema { Type = JsonSchemaType.Array, Items = Read(type[..^2], document) };
        if (type.EndsWith("[]?", StringComparison.Ordinal))
            return new OpenApiSchema { Type = JsonSchemaType.Array | JsonSchemaType.Null, Items = Read(type[..^3], document) };
        if (type.EndsWith("{}", StringComparison.Ordinal))
            return new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = Read(type[..^2], document) };

        return Simple(type) ?? (IOpenApiSchema)new OpenApiSchemaReference(type, document);
    }

    public static OpenApiSchema Read(FieldDescription field, OpenApiDocument document)
    {
        // A reference stands alone in older readers, so what is said about a field goes around it.
        var schema = Read(field.Type, document) is OpenApiSchema plain ? plain : new OpenApiSchema { AllOf = [Read(field.Type, document)] };

        schema.Description = field.Text;
        if (field.Default is not null)
            schema.Default = JsonNode.Parse(field.Default);
        if (field.Words.Count > 0)
            schema.Enum = [.. field.Words.Select(word => (JsonNode)word)];

        return schema;
    }

    public static OpenApiSchema Read(SchemaDescription described, OpenApiDocument document) =>
        new()
        {
            Type = JsonSchemaType.Object,
            Description = described.Text,
            Properties = described.Fields.ToDictionary(field => field.Name, IOpenApiSchema (field) => Read(field, document)),
            Required = described.Fields.Where(field => field.IsRequired).Select(field => field.Name).ToHashSet(),
        };

    private static OpenApiSchema? Simple(string type)
    {
        var isNullable = type.EndsWith('?');
        JsonSchemaType? simple = type.TrimEnd('?') switch
        {
            "string" or "datetime" => JsonSchemaType.String,
            "integer" => JsonSchemaType.Integer,
            "number" => JsonSchemaType.Number,
            "boolean" => JsonSchemaType.Boolean,
            "object" => JsonSchemaType.Object,
            "array" => JsonSchemaType.Array,
            "null" => JsonSchemaType.Null,
            _ => null,
        };

        if (simple is null)
            return type == "any" ? new OpenApiSchema() : null;

        return new OpenApiSchema
        {
            Type = isNullable ? simple | JsonSchemaType.Null : simple,
            Format = type.StartsWith("datetime", StringComparison.Ordinal) ? "date-time" : null,
            Items = simple == JsonSchemaType.Array ? new OpenApiSchema() : null,
        };
    }
}
