using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Eventix.Infrastructure.Migration;

/// <summary>
/// What became of one source document: written in the transaction that stored its task, kept when that task is deleted. A document that is
/// in the ledger is never created again by a second import, unless it is forced.
/// </summary>
internal sealed class ImportLedgerEntry
{
    public const string Imported = "imported";
    public const string Merged = "merged";
    public const string Skipped = "skipped";

    /// <summary>The document's `_id`.</summary>
    public required string Uid { get; init; }

    /// <summary>The document's `_rev`; null when it had none.</summary>
    public string? SourceRevision { get; init; }

    /// <summary>`imported`, `merged` (into the waiting task of its unique key) or `skipped` (the uid was in use already).</summary>
    public required string Outcome { get; init; }

    /// <summary>When the import began that recorded it: the same for all entries of one run.</summary>
    public DateTimeOffset RecordedAt { get; init; }

    /// <summary>
    /// The counter at which the import left the task: while it stands there, nobody has written the task here, and a newer document may
    /// replace it. Null when the document is no task of its own.
    /// </summary>
    public long? StoredRevision { get; init; }

    /// <summary>The uid of the task that a merged document went into.</summary>
    public string? MergedInto { get; init; }
}

internal sealed class ImportLedgerConfiguration : IEntityTypeConfiguration<ImportLedgerEntry>
{
    public void Configure(EntityTypeBuilder<ImportLedgerEntry> builder)
    {
        builder.ToTable(
            "eventix_import_ledger",
            table => table.HasCheckConstraint("ck_eventix_import_ledger_outcome", "outcome IN ('imported', 'merged', 'skipped')")
        );
        builder.HasKey(entry => entry.Uid);
        builder.Property(entry => entry.Uid).UseCollation("C");
        builder.Property(entry => entry.RecordedAt).HasDefaultValueSql("now()");
        builder.Property(entry => entry.MergedInto).UseCollation("C");

        // For the documents that come back when the task that they went into is finished by the old server. Few are merged.
        builder
            .HasIndex(entry => entry.MergedInto)
            .HasDatabaseName("ix_eventix_import_ledger_merged_into")
            .HasFilter("merged_into IS NOT NULL");
    }
}
