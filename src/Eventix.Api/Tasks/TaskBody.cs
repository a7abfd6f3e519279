using Eventix.Api.Http;
using Eventix.Application.Tasks;
using Eventix.Domain;
using Eventix.Domain.Tasks;
using Mapster;

namespace Eventix.Api.Tasks;

/// <summary>
/// A task as it stands in a request body. Null means the default, except where a null is a value of its own: there the default of an absent
/// field is already in.
/// </summary>
internal sealed record TaskBody
{
    /// <summary>The order of the model; errors are told in it.</summary>
    private enum Field
    {
        Uid,
        Revision,
        Version,
        CreatedTime,
        UpdatedTime,
        UniqueKey,
        Eta,
        Scheduled,
        Status,
        Priority,
        Namespace,
        Task,
        Args,
        Kwargs,
        WorkerId,
        WorkerExpires,
        Retry,
        MaxRetries,
        ErrorEtaInc,
        ErrorEtaMax,
        StoreResult,
        Result,
        ErrorExpires,
        ResultExpires,
        Expires,
        Operator,
    }

    /// <summary>The words for a status, as pydantic lists them.</summary>
    public const string Statuses = "'scheduled', 'processing', 'done', 'error' or 'retry'";

    private static readonly FieldNames Names = FieldNames.Of<Field>();

    public string? Uid { get; init; }
    public string? Revision { get; init; }
    public int? Version { get; init; }
    public DateTimeOffset? CreatedTime { get; init; }
    public string? UniqueKey { get; init; }
    public DateTimeOffset? Eta { get; init; }
    public DateTimeOffset? Scheduled { get; init; }
    public EventixTaskStatus? Status { get; init; }
    public int? Priority { get; init; }
    public string? Namespace { get; init; }
    public required string Task { get; init; }
    public ReadOnlyMemory<byte>? Args { get; init; }
    public ReadOnlyMemory<byte>? Kwargs { get; init; }
    public string? WorkerId { get; init; }
    public DateTimeOffset? WorkerExpires { get; init; }
    public bool? Retry { get; init; }
    public int? MaxRetries { get; init; }
    public int? ErrorEtaInc { get; init; }
    public int? ErrorEtaMax { get; init; }
    public bool? StoreResult { get; init; }
    public ReadOnlyMemory<byte>? Result { get; init; }
    public int? ErrorExpires { get; init; }
    public int? ResultExpires { get; init; }
    public DateTimeOffset? Expires { get; init; }
    public string? Operator { get; init; }

    /// <exception cref="Errors.InvalidRequestException">It is no task.</exception>
    public static TaskBody Read(JsonBody json)
    {
        var fields = new BodyFields(json, Names);

        var uid = fields.Text((int)Field.Uid);
        var revision = fields.Text((int)Field.Revision);
        var version = fields.Int((int)Field.Version);
        var createdTime = fields.Time((int)Field.CreatedTime);

        // Every write sets it anew, but a wrong one is refused all the same.
        _ = fields.Time((int)Field.UpdatedTime);

        // Initializers run from top to bottom, so errors come in this order too.
        var body = new TaskBody
        {
            Uid = uid,
            Revision = revision,
            Version = version,
            CreatedTime = createdTime,
            UniqueKey = fields.Text((int)Field.UniqueKey),
            Eta = fields.Time((int)Field.Eta),
            Scheduled = fields.Time((int)Field.Scheduled),
            Status = fields.Word((int)Field.Status, EventixTaskStatusText.Parse, Statuses),
            Priority = fields.Int((int)Field.Priority),
            Namespace = fields.Text((int)Field.Namespace),
            Task = fields.RequiredText((int)Field.Task),
            Args = fields.Array((int)Field.Args),
            Kwargs = fields.Object((int)Field.Kwargs),
            WorkerId = fields.Text((int)Field.WorkerId),
            WorkerExpires = fields.Time((int)Field.WorkerExpires),
            Retry = fields.NonNullBool((int)Field.Retry),
            MaxRetries = fields.Int((int)Field.MaxRetries),
            ErrorEtaInc = fields.NonNullInt((int)Field.ErrorEtaInc),
            ErrorEtaMax = fields.NonNullInt((int)Field.ErrorEtaMax),
            StoreResult = fields.NonNullBool((int)Field.StoreResult),
            Result = fields.Any((int)Field.Result),
            ErrorExpires = fields.Int((int)Field.ErrorExpires),
            ResultExpires = fields.Has((int)Field.ResultExpires) ? fields.Int((int)Field.ResultExpires) : EventixTask.DefaultResultExpires,
            Expires = fields.Time((int)Field.Expires),
            Operator = fields.Has((int)Field.Operator) ? fields.Text((int)Field.Operator) : EventixTask.DefaultOperator,
        };
        fields.ThrowIfInvalid();

        return body;
    }

    public NewTask ToNewTask() => TaskMapping.Map(this);
}

/// <summary>From the body of a request to what the application takes. A member of <see cref="NewTask"/> without a source fails a test.</summary>
internal static class TaskMapping
{
    private static readonly ReadOnlyMemory<byte> NoArgs = "[]"u8.ToArray();
    private static readonly ReadOnlyMemory<byte> NoKwargs = "{}"u8.ToArray();

    public static TypeAdapterConfig Config { get; } = Configure();

    public static Func<TaskBody, NewTask> Map { get; } = Config.GetMapFunction<TaskBody, NewTask>();

    private static TypeAdapterConfig Configure()
    {
        var config = new TypeAdapterConfig { RequireDestinationMemberSource = true };

        // JSON is handed on as it is, not copied member by member.
        config.NewConfig<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>().MapWith(json => json);
        config.NewConfig<ReadOnlyMemory<byte>?, ReadOnlyMemory<byte>?>().MapWith(json => json);

        config
            .NewConfig<TaskBody, NewTask>()
            .Map(task => task.Uid, body => body.Uid ?? TimeOrderedUid.New())
            .Map(task => task.Version, body => body.Version ?? 1)
            .Map(task => task.CreatedAt, body => body.CreatedTime)
            .Map(task => task.Status, body => body.Status ?? EventixTaskStatus.Scheduled)
            .Map(task => task.Priority, body => body.Priority ?? 0)
            .Map(task => task.Namespace, body => body.Namespace ?? EventixTask.DefaultNamespace)
            .Map(task => task.Args, body => body.Args ?? NoArgs)
            .Map(task => task.Kwargs, body => body.Kwargs ?? NoKwargs)
            .Map(task => task.Retry, body => body.Retry ?? true)
            .Map(task => task.ErrorEtaInc, body => body.ErrorEtaInc ?? EventixTask.DefaultErrorEtaInc)
            .Map(task => task.ErrorEtaMax, body => body.ErrorEtaMax ?? EventixTask.DefaultErrorEtaMax)
            .Map(task => task.StoreResult, body => body.StoreResult ?? true);

        return config;
    }
}
