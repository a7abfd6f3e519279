using Eventix.Domain.Schedules;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Eventix.Infrastructure.Schedules;

internal sealed class EventixScheduleConfiguration : IEntityTypeConfiguration<EventixSchedule>
{
    public void Configure(EntityTypeBuilder<EventixSchedule> builder)
    {
        builder.ToTable("eventix_schedule", table => table.HasCheckConstraint("ck_eventix_schedule_counters", "revision > 0"));
        builder.HasKey(schedule => schedule.Uid);

        var order = 0;
        builder.Property(schedule => schedule.Id).HasColumnOrder(order++).UseIdentityAlwaysColumn();
        builder.Property(schedule => schedule.Uid).HasColumnOrder(order++).UseCollation("C");
        builder.Property(schedule => schedule.CreatedAt).HasColumnOrder(order++).HasDefaultValueSql("now()");
        builder.Property(schedule => schedule.UpdatedAt).HasColumnOrder(order++).HasDefaultValueSql("now()");
        builder.Property(schedule => schedule.RevisionCounter).HasColumnName("revision").HasColumnOrder(order++).HasDefaultValueSql("1");
        builder.Property(schedule => schedule.Version).HasColumnOrder(order++).HasDefaultValueSql("1");
        builder.Property(schedule => schedule.Namespace).HasColumnOrder(order++).HasDefaultValueSql("'default'").UseCollation("C");
        builder.Property(schedule => schedule.Name).HasColumnOrder(order++).UseCollation("C");
        builder.Property(schedule => schedule.Schedule).HasColumnOrder(order++);
        builder.Property(schedule => schedule.Task).HasColumnOrder(order++).UseCollation("C");
        builder.Property(schedule => schedule.Args).HasColumnOrder(order++).HasDefaultValueSql("'[]'");
        builder.Property(schedule => schedule.Kwargs).HasColumnOrder(order++).HasDefaultValueSql("'{}'");
        builder.Property(schedule => schedule.Priority).HasColumnOrder(order++).HasDefaultValueSql("0");
        builder.Property(schedule => schedule.LastSchedule).HasColumnOrder(order++);
        builder.Property(schedule => schedule.NextSchedule).HasColumnOrder(order);

        builder.HasIndex(schedule => new { schedule.Namespace, schedule.Name }).HasDatabaseName("ix_eventix_schedule_name").IsUnique();
    }
}
