using System.Text;

namespace Eventix.Infrastructure.Migration;

/// <summary>The fields of a document of the old server, in the order in which it wrote them.</summary>
internal static class LegacyField
{
    public const int Id = 0;
    public const int Rev = 1;
    public const int Version = 2;
    public const int CreatedTime = 3;
    public const int UpdatedTime = 4;
    public const int UniqueKey = 5;
    public const int Eta = 6;
    public const int Scheduled = 7;
    public const int Status = 8;
    public const int Priority = 9;
    public const int Namespace = 10;
    public const int Task = 11;
    public const int Args = 12;
    public const int Kwargs = 13;
    public const int WorkerId = 14;
    public const int WorkerExpires = 15;
    public const int Retry = 16;
    public const int MaxRetries = 17;
    public const int ErrorEtaInc = 18;
    public const int ErrorEtaMax = 19;
    public const int StoreResult = 20;
    public const int Result = 21;
    public const int ErrorExpires = 22;
    public const int ResultExpires = 23;
    public const int Expires = 24;
    public const int Operator = 25;
    public const int Count = 26;

    public static IReadOnlyList<string> Names { get; } =
    [
        "_id",
        "_rev",
        "version",
        "created_time",
        "updated_time",
        "unique_key",
        "eta",
        "scheduled",
        "status",
        "priority",
        "namespace",
        "task",
        "args",
        "kwargs",
        "worker_id",
        "worker_expires",
        "retry",
        "max_retries",
        "error_eta_inc",
        "error_eta_max",
        "store_result",
        "result",
        "error_expires",
        "result_expires",
        "expires",
        "operator",
    ];

    private static readonly byte[][] Utf8Names = [.. Names.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Which field that is; -1 for none that a task has.</summary>
    /// <param name="name">In UTF-8.</param>
    /// <param name="expected">Where to look first: documents mostly keep the order.</param>
    public static int Find(ReadOnlySpan<byte> name, int expected)
    {
        if (expected < Count && name.SequenceEqual(Utf8Names[expected]))
            return expected;

        for (var field = 0; field < Count; field++)
        {
            if (name.SequenceEqual(Utf8Names[field]))
                return field;
        }

        return -1;
    }
}
