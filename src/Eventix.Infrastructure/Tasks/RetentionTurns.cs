using Eventix.Infrastructure.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Npgsql;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// Whose turn it is to sweep: a sweep reads the whole table, so all hosts together do it as often as one would. The next one is due at a time that is
/// stored, by the clock of PostgreSQL.
/// </summary>
internal sealed class RetentionTurns(NpgsqlDataSource database)
{
    /// <summary>After so long a host that has its turn is taken for dead. If it is not, two of them sweep, which does no harm.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private const string Take = """
        INSERT INTO eventix_maintenance AS stored (name, due_at)
        VALUES ('retention', now() + $1)
        ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at
        WHERE stored.due_at <= now()
        """;

    private const string End = "UPDATE eventix_maintenance SET due_at = now() + $1 WHERE name = 'retention'";

    /// <summary>Returns false when no sweep is due, or another host is at it.</summary>
    public async Task<bool> TakeAsync(CancellationToken cancellationToken)
    {
        await using var take = database.CreateCommand(Take);
        take.Parameters.With(Longest);

        return await take.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <param name="rest">Until the next one, of whichever host.</param>
    public async Task EndAsync(TimeSpan rest, CancellationToken cancellationToken)
    {
        await using var end = database.CreateCommand(End);
        end.Parameters.With(rest);

        await end.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>When a kind of maintenance that the hosts share is due again: a row for each.</summary>
internal sealed class MaintenanceTurn
{
    public required string Name { get; init; }

    public DateTimeOffset DueAt { get; init; }
}

internal sealed class MaintenanceTurnConfiguration : IEntityTypeConfiguration<MaintenanceTurn>
{
    public void Configure(EntityTypeBuilder<MaintenanceTurn> builder)
    {
        builder.ToTable("eventix_maintenance");
        builder.HasKey(turn => turn.Name);
        builder.Property(turn => turn.Name).UseCollation("C");
    }
}
