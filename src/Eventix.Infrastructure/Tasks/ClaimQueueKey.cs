namespace Eventix.Infrastructure.Tasks;

/// <summary>What claims look for: the due tasks of a namespace, all of them or those of some names.</summary>
internal readonly record struct ClaimQueueKey
{
    private readonly string _taskNames;

    public ClaimQueueKey(string @namespace, IReadOnlyList<string>? taskNames) =>
        (Namespace, _taskNames) = (@namespace, taskNames is null ? "" : string.Join('\0', taskNames));

    public string Namespace { get; }
}
