using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Eventix.Infrastructure.Migration;

/// <summary>What the import keeps beside a task, or a document that was merged away. Few have one.</summary>
internal sealed class ImportNote
{
    /// <summary>The document's `_id`.</summary>
    public required string Uid { get; init; }

    /// <summary>A BSON document with those of `args`, `kwargs` and `result` that JSON does not give back: see <see cref="OriginalValues"/>.</summary>
    public byte[]? Original { get; init; }

    /// <summary>The whole BSON document, when it was merged away, or waits for its key and may still be.</summary>
    public byte[]? Document { get; init; }

    /// <summary>For a task that waits for its key: at this counter only imports have written it, and its args come from the task of the next two.</summary>
    public long? ArgumentsRevision { get; init; }

    public DateTimeOffset? ArgumentsCreatedAt { get; init; }

    public string? ArgumentsUid { get; init; }
}

internal sealed class ImportNoteConfiguration : IEntityTypeConfiguration<ImportNote>
{
    public void Configure(EntityTypeBuilder<ImportNote> builder)
    {
        builder.ToTable("eventix_import_note");
        builder.HasKey(note => note.Uid);
        builder.Property(note => note.Uid).UseCollation("C");
    }
}
