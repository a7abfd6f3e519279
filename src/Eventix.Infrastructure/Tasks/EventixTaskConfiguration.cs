using Eventix.Domain.Tasks;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Eventix.Infrastructure.Tasks;

/// <summary>
/// The table of tasks, laid out for updates that stay on their page: written-once columns first, mutable ones last and together, half of
/// every page left free. When both row versions share a page PostgreSQL logs only the bytes between the first and the last changed one. The
/// reasons for the layout and for each index: docs/decisions/0005.
/// </summary>
internal sealed class EventixTaskConfiguration : IEntityTypeConfiguration<EventixTask>
{
    public const string UniqueKeyIndex = "ix_eventix_task_unique_key";

    private const string Waiting = "status IN ('scheduled', 'retry')";

    public void Configure(EntityTypeBuilder<EventixTask> builder)
    {
        builder.ToTable(
            "eventix_task",
            table =>
            {
                table.HasCheckConstraint("ck_eventix_task_status", "status IN ('scheduled', 'processing', 'done', 'error', 'retry')");
                table.HasCheckConstraint("ck_eventix_task_lease", "status <> 'processing' OR worker_expires IS NOT NULL");
                table.HasCheckConstraint("ck_eventix_task_counters", "revision > 0 AND attempt >= 0 AND lost_leases >= 0");
                table.HasCheckConstraint("ck_eventix_task_progress", "progress BETWEEN 0 AND 100");
            }
        );
        builder.HasStorageParameter("fillfactor", 50);

        // Dead index entries pile up where every claim starts, so vacuum comes early and does not pause. ANALYZE not oftener: it holds a
        // snapshot, and with it the dead entries.
        builder.HasStorageParameter("autovacuum_vacuum_scale_factor", 0.01);
        builder.HasStorageParameter("autovacuum_vacuum_cost_delay", 0);
        builder.HasStorageParameter("autovacuum_analyze_scale_factor", 0.02);

        builder.Ignore(task => task.Revision).Ignore(task => task.WireRevision);

        // The uid is the key and the id has no index of its own: an index that every row version enters is written three times per task.
        builder.HasKey(task => task.Uid);
        MapColumns(builder);
        MapIndexes(builder);
    }

    private static void MapColumns(EntityTypeBuilder<EventixTask> builder)
    {
        var order = 0;

        // The id and the counter are the revision: a command on one task changes the row that it read, or none.
        builder.Property(task => task.Id).HasColumnOrder(order++).UseIdentityAlwaysColumn().IsConcurrencyToken();
        builder.Property(task => task.Uid).HasColumnOrder(order++).UseCollation("C");
        builder.Property(task => task.CreatedAt).HasColumnOrder(order++).HasDefaultValueSql("now()");
        builder.Property(task => task.Scheduled).HasColumnOrder(order++).HasDefaultValueSql("now()");
        builder.Property(task => task.Version).HasColumnOrder(order++).HasDefaultValueSql("1");
        builder.Property(task => task.ErrorEtaMax).HasColumnOrder(order++).HasDefaultValueSql("300");
        builder.Property(task => task.ErrorExpires).HasColumnOrder(order++);
        builder.Property(task => task.ResultExpires).HasColumnOrder(order++).HasDefaultValueSql("604800");
        builder.Property(task => task.Retry).HasColumnOrder(order++).HasDefaultValueSql("true");
        builder.Property(task => task.StoreResult).HasColumnOrder(order++).HasDefaultValueSql("true");
        builder.Property(task => task.Namespace).HasColumnOrder(order++).HasDefaultValueSql("'default'").UseCollation("C");
        builder.Property(task => task.Task).HasColumnOrder(order++).UseCollation("C");
        builder.Property(task => task.UniqueKey).HasColumnOrder(order++).UseCollation("C");
        builder.Property(task => task.Operator).HasColumnOrder(order++).HasDefaultValueSql("'unknown'");
        builder.Property(task => task.Args).HasColumnOrder(order++).HasDefaultValueSql("'[]'");
        builder.Property(task => task.Kwargs).HasColumnOrder(order++).HasDefaultValueSql("'{}'");

        // Rewritten by claim and write-back from here on. The rarely changed ones come first: they end the span of changed bytes early.
        builder.Property(task => task.ImportedRevision).HasColumnOrder(order++);
        builder.Property(task => task.CancelRequestedAt).HasColumnOrder(order++);
        builder.Property(task => task.LostLeases).HasColumnOrder(order++).HasDefaultValueSql("0");
        builder.Property(task => task.Eta).HasColumnOrder(order++).HasDefaultValueSql("now()");
        builder.Property(task => task.Priority).HasColumnOrder(order++).HasDefaultValueSql("0");
        builder.Property(task => task.MaxRetries).HasColumnOrder(order++);
        builder.Property(task => task.ErrorEtaInc).HasColumnOrder(order++).HasDefaultValueSql("15");
        builder.Property(task => task.Attempt).HasColumnOrder(order++).HasDefaultValueSql("0");
        builder
            .Property(task => task.RevisionCounter)
            .HasColumnName("revision")
            .HasColumnOrder(order++)
            .HasDefaultValueSql("1")
            .IsConcurrencyToken();
        builder.Property(task => task.UpdatedAt).HasColumnOrder(order++).HasDefaultValueSql("now()");
        builder.Property(task => task.WorkerExpires).HasColumnOrder(order++);
        builder.Property(task => task.Expires).HasColumnOrder(order++);
        builder
            .Property(task => task.Status)
            .HasColumnOrder(order++)
            .HasDefaultValueSql("'scheduled'")
            .HasConversion(status => status.ToText(), text => EventixTaskStatusText.Parse(text)!.Value);
        builder.Property(task => task.WorkerId).HasColumnOrder(order++);
        builder.Property(task => task.Result).HasColumnOrder(order++);

        // The name of the claim, where it has one. Null for nearly all, and then it takes no space.
        builder.Property(task => task.ClaimId).HasColumnOrder(order++);

        // Written while a task runs, and only by those that tell how far they are: null for nearly all, and not in any index.
        builder.Property(task => task.Progress).HasColumnOrder(order++);
        builder.Property(task => task.ProgressMessage).HasColumnOrder(order);
    }

    private static void MapIndexes(EntityTypeBuilder<EventixTask> builder)
    {
        // With the status, so that waiting tasks are listed and counted without a look at the rows: docs/decisions/0006.
        builder
            .HasIndex(task => new
            {
                task.Namespace,
                task.Priority,
                task.Eta,
                task.Id,
            })
            .HasDatabaseName("ix_eventix_task_claim")
            .IncludeProperties(task => task.Status)
            .HasFilter($"{Waiting} AND worker_id IS NULL");
        builder
            .HasIndex(task => new { task.Namespace, task.UniqueKey })
            .HasDatabaseName(UniqueKeyIndex)
            .IsUnique()
            .HasFilter($"unique_key IS NOT NULL AND {Waiting}");

        // Rescue, lists, statistics. The next three are of the same columns, so each has a name in the model too. Not on the end
        // of the lease: a heartbeat then changes no indexed column.
        builder
            .HasIndex(task => new { task.Namespace, task.Id }, "running")
            .HasDatabaseName("ix_eventix_task_running")
            .HasFilter("status = 'processing'");

        // Waiting tasks that carry a worker (imported, or posted so): not claimable until their lease is rescued. Nearly always empty, and apart
        // from the running ones, so that a list of waiting tasks does not step over those.
        builder
            .HasIndex(task => new { task.Namespace, task.Id }, "held")
            .HasDatabaseName("ix_eventix_task_held")
            .HasFilter($"{Waiting} AND worker_id IS NOT NULL");

        // Lists. A task that succeeds never enters it.
        builder
            .HasIndex(task => new { task.Namespace, task.Id }, "failed")
            .HasDatabaseName("ix_eventix_task_failed")
            .HasFilter("status = 'error'");

        // A claim by name finds what the same name got before. A claim without a name never enters it. Not with the worker beside it: two keys of
        // the greatest length are longer than an entry may be.
        builder
            .HasIndex(task => task.ClaimId)
            .HasDatabaseName("ix_eventix_task_named")
            .HasFilter("claim_id IS NOT NULL AND status = 'processing'");

        // Only what may be deleted: PostgreSQL writes the summary of a range that has only nulls anew for each null that comes, and logs it.
        builder
            .HasIndex(task => task.Expires)
            .HasDatabaseName("ix_eventix_task_expires")
            .HasFilter("expires IS NOT NULL AND status IN ('done', 'error')")
            .HasMethod("brin")
            .HasStorageParameter("pages_per_range", 32);
    }
}
