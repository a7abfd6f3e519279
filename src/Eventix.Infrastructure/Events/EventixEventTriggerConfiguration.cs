using Eventix.Domain.Events;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Eventix.Infrastructure.Events;

internal sealed class EventixEventTriggerConfiguration : IEntityTypeConfiguration<EventixEventTrigger>
{
    public void Configure(EntityTypeBuilder<EventixEventTrigger> builder)
    {
        builder.ToTable("eventix_event_trigger", table => table.HasCheckConstraint("ck_eventix_event_trigger_counters", "revision > 0"));
        builder.HasKey(trigger => trigger.Uid);

        var order = 0;
        builder.Property(trigger => trigger.Id).HasColumnOrder(order++).UseIdentityAlwaysColumn();
        builder.Property(trigger => trigger.Uid).HasColumnOrder(order++).UseCollation("C");
        builder.Property(trigger => trigger.CreatedAt).HasColumnOrder(order++).HasDefaultValueSql("now()");
        builder.Property(trigger => trigger.UpdatedAt).HasColumnOrder(order++).HasDefaultValueSql("now()");
        builder.Property(trigger => trigger.RevisionCounter).HasColumnName("revision").HasColumnOrder(order++).HasDefaultValueSql("1");
        builder.Property(trigger => trigger.Version).HasColumnOrder(order++).HasDefaultValueSql("1");
        builder.Property(trigger => trigger.EventName).HasColumnOrder(order++).UseCollation("C");
        builder.Property(trigger => trigger.TriggerType).HasColumnOrder(order++).HasDefaultValueSql("'default'");
        builder.Property(trigger => trigger.Namespace).HasColumnOrder(order++).HasDefaultValueSql("'default'").UseCollation("C");
        builder.Property(trigger => trigger.Name).HasColumnOrder(order++).UseCollation("C");
        builder.Property(trigger => trigger.Code).HasColumnOrder(order).HasDefaultValueSql("''");

        builder.HasIndex(trigger => new { trigger.EventName, trigger.Name }).HasDatabaseName("ix_eventix_event_trigger_name").IsUnique();
    }
}
