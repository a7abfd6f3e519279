namespace Eventix.Infrastructure.Migration;

/// <summary>Why a document did not become a task of its own, as the report says it.</summary>
internal static class ImportReasons
{
    public const string SameId = "another document of this _id came before it in the same source";
    public const string OlderDocument = "it is older than the document of this _id that was imported";
    public const string InUse = "its uid is in use here, by a task that was not imported";
    public const string ChangedHere = "it has changed at the source since it was imported, and its task has been written here";
    public const string Gone = "it has changed at the source since it was imported, but its task has run here, or was deleted";
    public const string SkippedBefore = "an earlier import has skipped it, because its uid was in use here";
    public const string MergedBefore = "merged by an earlier import into the waiting task of its unique_key";
    public const string Older = "the task here was written later";
    public const string Replaced = "replaced by the newer document of the source";

    public static string MergedInto(string uid) => $"merged into {uid}";

    public static string MergedIntoRun(string uid) => $"merged by an earlier import into {uid}, which has been written here since";

    public static string Refused(string message) => $"PostgreSQL refuses it: {message}.";
}
