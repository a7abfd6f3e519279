namespace Eventix.Domain;

/// <summary>The wire names (`error_class`) of broken rules and of the outcomes that the server itself writes into a task's result.</summary>
public static class DomainErrors
{
    public const string NotFound = "NotFound";
    public const string AlreadyExists = "AlreadyExists";
    public const string RevisionConflict = "RevisionConflict";
    public const string TaskNotUnique = "TaskNotUnique";
    public const string NoTaskFoundForUniqueKey = "NoTaskFoundForUniqueKey";
    public const string TaskUniqueKeyNotUnique = "TaskUniqueKeyNotUnique";
    public const string WrongTaskStatus = "WrongTaskStatus";

    /// <summary>In a task's result: it returned to waiting while another task waited under its unique key.</summary>
    public const string Superseded = "Superseded";

    /// <summary>In a task's result: it was cancelled while it waited.</summary>
    public const string TaskCancelled = "TaskCancelled";

    /// <summary>In a task's result: so many of its leases ran out that it was set aside.</summary>
    public const string TooManyLostLeases = "TooManyLostLeases";
}
