using Eventix.Application.Messaging;

namespace Eventix.Application.Operations;

/// <summary>
/// Finds what has kept vacuum from removing dead rows for longer than is usual, the worst first and 20 at most; empty when nothing does, null
/// when the role of this host may not look. Answered next to the SQL, in Infrastructure.
/// </summary>
public sealed record GetVacuumHolders : IQuery<IReadOnlyList<VacuumHolder>?>;

/// <summary>Somebody who may still look at rows as they were. What is not known, or hidden from the role of this host, is null.</summary>
/// <param name="Kind">`transaction`, `prepared_transaction`, `standby` or `replication_slot`.</param>
/// <param name="Name">The pid of a transaction, the gid of a prepared one, the name of a standby or a slot.</param>
/// <param name="Holds">`tables`, or `catalogs` for what holds back only those of PostgreSQL itself.</param>
/// <param name="Database">Where it is; a transaction that writes in another database holds back vacuum here too.</param>
/// <param name="Client">Its IP address; null for a socket.</param>
/// <param name="Backend">What kind of process of PostgreSQL it is, or what kind of slot.</param>
/// <param name="Held">
/// For how long, by the clock of PostgreSQL: since a transaction began or was prepared. What does not tell when it began: for at least so long as
/// this host has seen it.
/// </param>
/// <param name="Transactions">How many transactions have begun since: what they deleted or replaced cannot be removed.</param>
/// <param name="Remedy">What an operator can do about it, with the statement to run where there is one.</param>
public sealed record VacuumHolder(
    string Kind,
    string Name,
    string Holds,
    int? Pid,
    string? Database,
    string? User,
    string? Application,
    string? Client,
    string? Backend,
    string? State,
    TimeSpan Held,
    int Transactions,
    string Remedy
);
