using Eventix.Api.Http;
using Eventix.Application.Events;
using Eventix.Domain;
using Eventix.Domain.Tasks;

namespace Eventix.Api.Events;

/// <summary>An event as it stands in a request body.</summary>
internal static class EventBody
{
    /// <summary>The order of the model; errors are told in it.</summary>
    private enum Field
    {
        Uid,
        Revision,
        Version,
        CreatedTime,
        UpdatedTime,
        Namespace,
        Timestamp,
        Priority,
        Payload,
        Name,
        Operator,
    }

    private static readonly FieldNames Names = new([
        .. Enum.GetNames<Field>().Select(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName),
    ]);

    /// <param name="operator">Who stands behind an event that does not say so.</param>
    /// <exception cref="Errors.InvalidRequestException">It is no event.</exception>
    public static NewEvent Read(JsonBody json, string? @operator)
    {
        var fields = new BodyFields(json, Names);

        var uid = fields.Text((int)Field.Uid);
        var revision = fields.Text((int)Field.Revision);
        var version = fields.Int((int)Field.Version);
        var createdTime = fields.Time((int)Field.CreatedTime);

        // Every write sets it anew, but a wrong one is refused all the same.
        _ = fields.Time((int)Field.UpdatedTime);

        // Initializers run from top to bottom, so errors come in this order too.
        var posted = new NewEvent
        {
            Uid = uid ?? TimeOrderedUid.New(),
            Revision = revision,
            Version = version ?? 1,
            CreatedAt = createdTime,
            Namespace = fields.Has((int)Field.Namespace) ? fields.Text((int)Field.Namespace) : EventixTask.DefaultNamespace,
            Timestamp = fields.Time((int)Field.Timestamp),
            Priority = fields.Int((int)Field.Priority) ?? 0,
            Payload = fields.Object((int)Field.Payload) ?? "{}"u8.ToArray(),
            Name = fields.Has((int)Field.Name) ? fields.Text((int)Field.Name) : NewEvent.DefaultName,
            Operator = fields.Has((int)Field.Operator) ? fields.Text((int)Field.Operator) : @operator,
        };
        fields.ThrowIfInvalid();

        return posted;
    }
}
