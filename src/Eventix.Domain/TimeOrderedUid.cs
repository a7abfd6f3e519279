namespace Eventix.Domain;

/// <summary>The uid of what is posted without one.</summary>
public static class TimeOrderedUid
{
    /// <summary>
    /// 32 lower-case hex digits, as clients have always made them, but in the order of time to the millisecond (UUID version 7) and not random throughout:
    /// what is posted together is claimed and written back together, and so lies together in the index of uids.
    /// </summary>
    public static string New() => Guid.CreateVersion7().ToString("n");
}
