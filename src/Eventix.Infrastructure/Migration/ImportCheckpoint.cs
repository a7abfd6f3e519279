using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Eventix.Infrastructure.Migration;

/// <summary>How far an import of one source has come: written in the transaction of every batch, so that an import that broke off goes on there.</summary>
internal sealed class ImportCheckpoint
{
    /// <summary>The source's name, and what was chosen of it.</summary>
    public required string Source { get; init; }

    /// <summary>Which file stood under that name.</summary>
    public required string Version { get; init; }

    /// <summary>Behind the last document that was dealt with.</summary>
    public required string Position { get; init; }

    public long Read { get; init; }

    public long Imported { get; init; }

    public long Merged { get; init; }

    public long Skipped { get; init; }

    public long Rejected { get; init; }

    /// <summary>Length of the report's file, in bytes.</summary>
    public long ReportLength { get; init; }

    /// <summary>When the import began: `recorded_at` of its entries in the ledger.</summary>
    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it came to the end of the source: the next import of it begins anew.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
}

internal sealed class ImportCheckpointConfiguration : IEntityTypeConfiguration<ImportCheckpoint>
{
    public void Configure(EntityTypeBuilder<ImportCheckpoint> builder)
    {
        builder.ToTable("eventix_import_checkpoint");
        builder.HasKey(checkpoint => checkpoint.Source);
        builder.Property(checkpoint => checkpoint.Source).UseCollation("C");
    }
}
