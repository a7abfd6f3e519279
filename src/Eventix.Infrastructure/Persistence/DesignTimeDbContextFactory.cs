using Microsoft.EntityFrameworkCore.Design;

namespace Eventix.Infrastructure.Persistence;

/// <summary>Lets `dotnet ef` build the model without a host and without a database.</summary>
internal sealed class DesignTimeDbContextFactory : IDesignTimeDbContextFactory<EventixDbContext>
{
    public EventixDbContext CreateDbContext(string[] args) => EventixDbContext.Create("Host=localhost;Database=eventix");
}
