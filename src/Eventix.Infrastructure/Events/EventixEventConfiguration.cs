using Eventix.Domain.Events;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Eventix.Infrastructure.Events;

internal sealed class EventixEventConfiguration : IEntityTypeConfiguration<EventixEvent>
{
    public void Configure(EntityTypeBuilder<EventixEvent> builder)
    {
        builder.ToTable("eventix_event", table => table.HasCheckConstraint("ck_eventix_event_counters", "revision > 0"));
        builder.HasKey(@event => @event.Uid);

        var order = 0;
        builder.Property(@event => @event.Id).HasColumnOrder(order++).UseIdentityAlwaysColumn();
        builder.Property(@event => @event.Uid).HasColumnOrder(order++).UseCollation("C");
        builder.Property(@event => @event.CreatedAt).HasColumnOrder(order++).HasDefaultValueSql("now()");
        builder.Property(@event => @event.UpdatedAt).HasColumnOrder(order++).HasDefaultValueSql("now()");
        builder.Property(@event => @event.RevisionCounter).HasColumnName("revision").HasColumnOrder(order++).HasDefaultValueSql("1");
        builder.Property(@event => @event.Version).HasColumnOrder(order++).HasDefaultValueSql("1");
        builder.Property(@event => @event.Namespace).HasColumnOrder(order++).HasDefaultValueSql("'default'").UseCollation("C");
        builder.Property(@event => @event.Timestamp).HasColumnOrder(order++).HasDefaultValueSql("now()");
        builder.Property(@event => @event.Priority).HasColumnOrder(order++).HasDefaultValueSql("0");
        builder.Property(@event => @event.Payload).HasColumnOrder(order++).HasDefaultValueSql("'{}'");
        builder.Property(@event => @event.Name).HasColumnOrder(order++).UseCollation("C");
        builder.Property(@event => @event.Operator).HasColumnOrder(order++);
        builder.Property(@event => @event.Outcome).HasColumnOrder(order);
    }
}
