namespace Eventix.Domain.Tasks;

/// <summary>
/// A piece of work that is due at a time and is run by one worker at a time. Called so because `Task` is taken.
/// </summary>
/// <remarks>
/// SQL changes tasks too: posting, merging, claiming, writing back and rescuing are set-based statements beside their readers in
/// Infrastructure. The states and their arrows are drawn once, in docs/states.md, and repeated by the table's CHECK constraints.
/// </remarks>
public sealed class EventixTask
{
    private DateTimeOffset _eta;
    private long _revisionCounter = 1;
    private string? _importedRevision;
    private int _lostLeases;
    private DateTimeOffset _updatedAt;
    private DateTimeOffset? _workerExpires;
    private DateTimeOffset? _expires;
    private DateTimeOffset? _cancelRequestedAt;
    private EventixTaskStatus _status;
    private string? _workerId;

    /// <summary>The longest uid, unique key and worker id, in bytes of UTF-8: what an index row of PostgreSQL holds, with room to spare.</summary>
    public const int MaxKeyBytes = 2000;

    /// <summary>The longest namespace, in bytes of UTF-8: it shares an index row with the unique key.</summary>
    public const int MaxNamespaceBytes = 500;

    public const string DefaultNamespace = "default";
    public const string DefaultOperator = "unknown";
    public const int DefaultErrorEtaInc = 15;
    public const int DefaultErrorEtaMax = 300;
    public const int DefaultResultExpires = 604_800;

    /// <summary>The lease of a client that does not ask for one, in seconds.</summary>
    public const int DefaultLease = 300;

    /// <summary>Given by the database: order of arrival, and incarnation of the uid.</summary>
    public long Id { get; init; }

    /// <summary>Any text; 32 lower-case hex digits unless the client chose otherwise.</summary>
    public required string Uid { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was first meant to run; a stamp that nothing reads.</summary>
    public DateTimeOffset Scheduled { get; init; }

    /// <summary>Of the model, 1; kept because documents of the old server carry it.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Upper bound of the delay between retries, in seconds.</summary>
    public int ErrorEtaMax { get; init; } = DefaultErrorEtaMax;

    /// <summary>Seconds that a failed task is kept; null for ever.</summary>
    public int? ErrorExpires { get; init; }

    /// <summary>Seconds that a result is kept; null for ever.</summary>
    public int? ResultExpires { get; init; } = DefaultResultExpires;

    public bool Retry { get; init; } = true;

    public bool StoreResult { get; init; } = true;

    public string Namespace { get; init; } = DefaultNamespace;

    /// <summary>Name of the function or handler that runs it.</summary>
    public required string Task { get; init; }

    /// <summary>At most one waiting task per namespace and key; null for none, the empty text is a key.</summary>
    public string? UniqueKey { get; init; }

    public string? Operator { get; init; } = DefaultOperator;

    /// <summary>A JSON array as UTF-8, as it was sent.</summary>
    public ReadOnlyMemory<byte> Args { get; init; } = "[]"u8.ToArray();

    /// <summary>A JSON object as UTF-8, as it was sent.</summary>
    public ReadOnlyMemory<byte> Kwargs { get; init; } = "{}"u8.ToArray();

    /// <summary>Not claimed before this time, by the database's clock.</summary>
    public DateTimeOffset Eta
    {
        get => _eta;
        init => _eta = value;
    }

    /// <summary>Lower runs first.</summary>
    public int Priority { get; init; }

    /// <summary>Retries left; null or negative for no limit.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>Delay before the next retry, in seconds; doubled by every failure up to <see cref="ErrorEtaMax"/>.</summary>
    public int ErrorEtaInc { get; init; } = DefaultErrorEtaInc;

    /// <summary>How often this row was written; the counter of <see cref="WireRevision"/>.</summary>
    public long RevisionCounter
    {
        get => _revisionCounter;
        init => _revisionCounter = value;
    }

    /// <summary>The revision that an imported task had on the old server; null from its first write here on.</summary>
    public string? ImportedRevision
    {
        get => _importedRevision;
        init => _importedRevision = value;
    }

    /// <summary>How often it was claimed here.</summary>
    public int Attempt { get; init; }

    /// <summary>How often a lease of it ran out.</summary>
    public int LostLeases
    {
        get => _lostLeases;
        init => _lostLeases = value;
    }

    public DateTimeOffset UpdatedAt
    {
        get => _updatedAt;
        init => _updatedAt = value;
    }

    /// <summary>End of the lease.</summary>
    public DateTimeOffset? WorkerExpires
    {
        get => _workerExpires;
        init => _workerExpires = value;
    }

    /// <summary>When a finished task may be deleted.</summary>
    public DateTimeOffset? Expires
    {
        get => _expires;
        init => _expires = value;
    }

    /// <summary>When a running task was asked to stop.</summary>
    public DateTimeOffset? CancelRequestedAt
    {
        get => _cancelRequestedAt;
        init => _cancelRequestedAt = value;
    }

    public EventixTaskStatus Status
    {
        get => _status;
        init => _status = value;
    }

    /// <summary>Who holds the lease, or held it last; a waiting task with one cannot be claimed.</summary>
    public string? WorkerId
    {
        get => _workerId;
        init => _workerId = value;
    }

    /// <summary>The name that its claimer gave to the claim, so that asking again under it gives the same tasks; null for a claim without one.</summary>
    public string? ClaimId { get; init; }

    /// <summary>The result or the error object as UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte>? Result { get; init; }

    /// <summary>How far its last run said it was, in percent, 0 to 100; null when it said nothing.</summary>
    public short? Progress { get; init; }

    /// <summary>What its last run said about that.</summary>
    public string? ProgressMessage { get; init; }

    public Revision Revision => new(Id, RevisionCounter);

    /// <summary>The revision as clients see it.</summary>
    public string WireRevision => ImportedRevision ?? Revision.ToString();

    /// <summary>The outcome of a run that returned. A result that is not to be stored deletes the task.</summary>
    public TaskOutcome Succeed(ReadOnlyMemory<byte>? result) =>
        StoreResult
            ? new(EventixTaskStatus.Done, result, ResultExpires, RetryIn: null, MaxRetries, ErrorEtaInc)
            : new(EventixTaskStatus.Done, Result: null, ExpiresIn: 0, RetryIn: null, MaxRetries, ErrorEtaInc);

    /// <summary>
    /// The outcome of a run that threw: another attempt after <see cref="ErrorEtaInc"/> seconds while retries are left, otherwise the end.
    /// So n retries are n + 1 runs, with delays of 15, 30, 60, 120, 240, 300, 300 … seconds by default.
    /// </summary>
    public TaskOutcome Fail(ReadOnlyMemory<byte> error)
    {
        var next = (int)Math.Max(int.MinValue, Math.Min(2L * ErrorEtaInc, ErrorEtaMax));

        return HasRetriesLeft ? Again(error, ErrorEtaInc, next) : FailForGood(error);
    }

    /// <summary>The outcome of a run that threw what no other run would mend: the end, however many retries are left.</summary>
    public TaskOutcome FailForGood(ReadOnlyMemory<byte> error) =>
        new(EventixTaskStatus.Error, error, ErrorExpires, RetryIn: null, MaxRetries, ErrorEtaInc);

    /// <summary>
    /// The outcome of a run that knows when it is worth another try. It uses a retry up like any failure, or a task that waits for something
    /// that never comes would never end; <see cref="ErrorEtaInc"/> is not doubled, because the delay was not taken from it.
    /// </summary>
    /// <param name="delay">Seconds, 0 or more.</param>
    public TaskOutcome RetryAfter(ReadOnlyMemory<byte> error, int delay) =>
        HasRetriesLeft ? Again(error, delay, ErrorEtaInc) : FailForGood(error);

    /// <summary>
    /// Lets a task that failed, for good or for now, wait again, without a lease, and without the end that its failure had set: otherwise it
    /// could be deleted before it runs. Its last error stays as its result, and what is left of its retries stays too.
    /// </summary>
    /// <param name="eta">Null for now.</param>
    /// <param name="now">By the clock that decides what is due.</param>
    /// <exception cref="DomainException">`WrongTaskStatus`: it has not failed.</exception>
    public void Reschedule(DateTimeOffset? eta, DateTimeOffset now)
    {
        if (Status is not (EventixTaskStatus.Error or EventixTaskStatus.Retry))
            throw DomainException.WrongTaskStatus(Uid, Status.ToText());

        _status = EventixTaskStatus.Scheduled;
        _eta = eta?.ToUniversalTime() ?? now;
        _expires = null;
        _workerId = null;
        _workerExpires = null;
        _cancelRequestedAt = null;

        // Whoever reschedules gives it another chance, also when it was set aside for the leases it had lost.
        _lostLeases = 0;
        Written(now);
    }

    /// <summary>The outcome of a claim that was never begun: as it was, for anybody to claim.</summary>
    public TaskOutcome GiveBack() =>
        new(EventixTaskStatus.Scheduled, Result: null, ExpiresIn: null, RetryIn: null, MaxRetries, ErrorEtaInc);

    private bool HasRetriesLeft => Retry && MaxRetries != 0;

    // A negative number of retries is no limit, and stays negative.
    private TaskOutcome Again(ReadOnlyMemory<byte> error, int delay, int nextDelay) =>
        new(EventixTaskStatus.Retry, error, ExpiresIn: null, delay, MaxRetries is > int.MinValue ? MaxRetries - 1 : MaxRetries, nextDelay);

    // What every write does: the next revision, and no longer the one that was imported.
    private void Written(DateTimeOffset now)
    {
        _revisionCounter++;
        _importedRevision = null;
        _updatedAt = now;
    }
}
