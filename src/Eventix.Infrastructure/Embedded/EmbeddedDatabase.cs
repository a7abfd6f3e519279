using Eventix.Infrastructure.Persistence;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Eventix.Infrastructure.Embedded;

public static class EmbeddedDatabase
{
    /// <summary>
    /// For a host that works without DATABASE_URL: when it is not set, starts the embedded server on the folder that EVENTIX_DATA names, else
    /// the default one, and sets it. Before anything else asks for the database.
    /// </summary>
    /// <returns>What to dispose of after the host has stopped; null when a database was given.</returns>
    /// <exception cref="DatabaseException">The server cannot be started; the message says why and what to do.</exception>
    public static async Task<EmbeddedPostgres?> StartEmbeddedDatabaseAsync(
        this IServiceProvider services,
        CancellationToken cancellationToken = default
    )
    {
        var configuration = services.GetRequiredService<IConfiguration>();
        if (!string.IsNullOrWhiteSpace(configuration[DatabaseUrl.Variable]))
            return null;

        var postgres = await EmbeddedPostgres.StartAsync(
            configuration[EmbeddedPostgres.DataVariable] is { } folder && !string.IsNullOrWhiteSpace(folder)
                ? folder.Trim()
                : EmbeddedPostgres.DefaultDataFolder(),
            services.GetRequiredService<ILogger<EmbeddedPostgres>>(),
            cancellationToken
        );
        configuration[DatabaseUrl.Variable] = postgres.ConnectionString;

        return postgres;
    }
}
