using Eventix.Domain.Tasks;

namespace Eventix.Domain;

/// <summary>
/// A broken rule that a caller is told about. <see cref="Code"/> is the wire name of the rule (`error_class` of the REST contract),
/// <see cref="Payload"/> what goes with it: Python clients rebuild their exception by calling the class of that name with the payload
/// as keyword arguments, so a payload never gets a key that the contract does not name.
/// </summary>
public sealed class DomainException : Exception
{
    private DomainException(string code, string message, params (string Key, string Value)[] payload)
        : base(message)
    {
        Code = code;
        Payload = payload;
    }

    /// <summary>Stable name of the rule, one of the constants of <see cref="DomainErrors"/>.</summary>
    public string Code { get; }

    /// <summary>Named values that belong to the error; empty when there are none.</summary>
    public IReadOnlyList<(string Key, string Value)> Payload { get; }

    public static DomainException NotFound(string uid) => new(DomainErrors.NotFound, $"Entry with uid '{uid}' not found.", ("uid", uid));

    public static DomainException AlreadyExists(string uid) =>
        new(DomainErrors.AlreadyExists, $"Entry with uid '{uid}' already exists.", ("uid", uid));

    /// <param name="current">The stored revision, in wire form.</param>
    public static DomainException RevisionConflict(string current) =>
        new(DomainErrors.RevisionConflict, $"revision changed to {current}", ("revision", current));

    public static DomainException WrongTaskStatus(string uid, EventixTaskStatus status) =>
        new(DomainErrors.WrongTaskStatus, $"Task {uid} has wrong status: '{status.ToText()}'", ("uid", uid), ("status", status.ToText()));

    public static DomainException TaskNotUnique(string uniqueKey) =>
        new(DomainErrors.TaskNotUnique, $"Another task waits under unique_key {uniqueKey}");

    /// <summary>The text says None whatever was asked for, as clients know it.</summary>
    public static DomainException NoTaskFoundForUniqueKey(string uniqueKey) =>
        new(DomainErrors.NoTaskFoundForUniqueKey, $"No task for unique_key {uniqueKey} and stati None found");

    public static DomainException TaskUniqueKeyNotUnique(string uniqueKey) =>
        new(DomainErrors.TaskUniqueKeyNotUnique, $"Task with unique_key {uniqueKey} not unique");

    public static DomainException WrongTaskStatus(string uid, string status) =>
        new(DomainErrors.WrongTaskStatus, $"Task {uid} has wrong status: '{status}'", ("uid", uid), ("status", status));
}
