namespace Eventix.Benchmarks.Reports;

/// <summary>What a run is held to: a ratio inside one run on one machine, or a figure that the machine's speed hardly touches.</summary>
/// <param name="IsAtMost">Whether the limit is the most allowed, and not the least.</param>
internal sealed record Bar(string What, double Limit, string Unit = "", bool IsAtMost = false)
{
    public static readonly Bar DrainAgainstGraphile = new(
        "worker drain, results kept, against graphile-worker's fastest setting (which deletes)",
        1.2
    );

    public static readonly Bar DrainAgainstRaw = new("worker drain against our own raw SQL batches of 500", 0.75);

    public static readonly Bar PostAgainstRaw = new(
        "HTTP `POST /task`, 64 connections, against pgbench single-row insert (8 clients)",
        1.5
    );

    public static readonly Bar CyclesAgainstRaw = new(
        "HTTP claim + write-back on the legacy routes, 64 connections, against pgbench claim + write-back (8 clients)",
        2.0
    );

    public static readonly Bar LatencyMedian = new("post to handler start, idle system, p50", 5, "ms", IsAtMost: true);

    public static readonly Bar LatencyTail = new("post to handler start, idle system, p99", 15, "ms", IsAtMost: true);

    public static readonly Bar LatencyAgainstGraphile = new(
        "post to handler start, idle system, p50 against graphile-worker",
        1.0,
        IsAtMost: true
    );

    public static readonly Bar LatencyTailAgainstGraphile = new(
        "post to handler start, idle system, p99 against graphile-worker",
        1.0,
        IsAtMost: true
    );

    public static readonly Bar ClaimsAmongDue = new("claim p99 with (a) 1,000,000 due, against 1,000 due", 1.5, IsAtMost: true);

    public static readonly Bar ClaimsBehindNotDue = new(
        "claim p99 with (b) also 1,000,000 not yet due at a better priority, against 1,000 due",
        1.5,
        IsAtMost: true
    );

    public static readonly Bar ClaimsAmongFinished = new(
        "claim p99 with (c) also 5,000,000 finished, against 1,000 due",
        1.5,
        IsAtMost: true
    );

    public static readonly Bar HeldSnapshot = new("drain rate in minute 5 under (d) a held snapshot, against the same without it", 0.95);

    public static readonly Bar ManyClaimers = new("(e) throughput of 256 HTTP claimers against the best number of claimers", 0.8);

    public static readonly Bar WalInBatches = new("WAL per task in batches of 500, without full-page images", 1.25, "KiB", IsAtMost: true);

    public static readonly Bar WalOneByOne = new("WAL per task one by one, without full-page images", 1.5, "KiB", IsAtMost: true);

    public static readonly Bar Commits = new("commits per task in a drain", 0.01, IsAtMost: true);

    public static readonly Bar IdleMemory = new("API: resident memory idle", 150, "MB", IsAtMost: true);

    public static readonly Bar LoadedMemory = new("API: resident memory at full post load", 400, "MB", IsAtMost: true);

    public static readonly Bar Start = new("API: start to first answer", 1, "s", IsAtMost: true);

    public static readonly IReadOnlyList<Bar> All =
    [
        DrainAgainstGraphile,
        DrainAgainstRaw,
        PostAgainstRaw,
        CyclesAgainstRaw,
        LatencyMedian,
        LatencyTail,
        LatencyAgainstGraphile,
        LatencyTailAgainstGraphile,
        ClaimsAmongDue,
        ClaimsBehindNotDue,
        ClaimsAmongFinished,
        HeldSnapshot,
        ManyClaimers,
        WalInBatches,
        WalOneByOne,
        Commits,
        IdleMemory,
        LoadedMemory,
        Start,
    ];

    public bool IsMetBy(double measured) => IsAtMost ? measured <= Limit : measured >= Limit;
}
