using System.Text;
using Eventix.Domain.Events;
using Eventix.Domain.Schedules;
using Eventix.Domain.Tasks;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Npgsql;
using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure;

namespace Eventix.Infrastructure.Persistence;

/// <summary>The schema. Sets of rows are read and written by raw SQL; this serves migrations and commands on one aggregate.</summary>
internal sealed class EventixDbContext(DbContextOptions<EventixDbContext> options) : DbContext(options)
{
    public const string MigrationsTable = "__ef_migrations_history";

    public DbSet<EventixTask> Tasks => Set<EventixTask>();

    public DbSet<EventixEvent> Events => Set<EventixEvent>();

    public DbSet<EventixEventTrigger> Triggers => Set<EventixEventTrigger>();

    public DbSet<EventixSchedule> Schedules => Set<EventixSchedule>();

    public static void Configure(DbContextOptionsBuilder options, NpgsqlDataSource database) =>
        options
            .UseNpgsql(database, Common)
            .UseSnakeCaseNamingConvention()
            // EF inserts none of these rows, so it makes no difference that false and 0 look like "not set" to it.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.BoolWithDefaultWarning));

    /// <summary>For migrations: apart from the host's data source.</summary>
    public static EventixDbContext Create(string connectionString) =>
        new(new DbContextOptionsBuilder<EventixDbContext>().UseNpgsql(connectionString, Common).UseSnakeCaseNamingConvention().Options);

    protected override void OnModelCreating(ModelBuilder modelBuilder) =>
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(EventixDbContext).Assembly);

    /// <summary>`json`, not `jsonb`: documents are echoed byte for byte (docs/decisions/0003).</summary>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<ReadOnlyMemory<byte>>().HaveConversion<Utf8Text>().HaveColumnType("json");

    private static void Common(NpgsqlDbContextOptionsBuilder npgsql) => npgsql.MigrationsHistoryTable(MigrationsTable);

    private sealed class Utf8Text()
        : ValueConverter<ReadOnlyMemory<byte>, string>(bytes => ToText(bytes), text => Encoding.UTF8.GetBytes(text))
    {
        // Expression trees hold no spans.
        private static string ToText(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);
    }
}
