using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Eventix.Infrastructure.Persistence;

/// <summary>Lets `dotnet ef` build the model without a host and without a database.</summary>
internal sealed class DesignTimeDbContextFactory : IDesignTimeDbContextFactory<EventixDbContext>
{
    public EventixDbContext CreateDbContext(string[] args) =>
        new(
            new DbContextOptionsBuilder<EventixDbContext>()
                .UseNpgsql("Host=localhost;Database=eventix", npgsql => npgsql.MigrationsHistoryTable(EventixDbContext.MigrationsTable))
                .UseSnakeCaseNamingConvention()
                .Options
        );
}
