using Eventix.Infrastructure.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Eventix.Infrastructure.Configuration;

/// <summary>How every host starts and ends: first its configuration, then the schema, then the rest.</summary>
public static class HostStart
{
    public const int Success = 0;
    public const int DatabaseUnusable = 1;
    public const int Misconfigured = 2;
    public const int Failed = 3;

    /// <summary>Runs a host, or a verb of one. What an operator has to mend is told in plain lines on standard error, without a stack trace.</summary>
    public static async Task<int> RunAsync(Func<Task> host)
    {
        try
        {
            await host();
            return Success;
        }
        catch (Exception refused) when (Mistakes(refused) is { } mistakes)
        {
            foreach (var mistake in mistakes)
                await Console.Error.WriteLineAsync(mistake);
            return Misconfigured;
        }
        catch (DatabaseException unusable)
        {
            await Console.Error.WriteLineAsync(unusable.Message);
            return DatabaseUnusable;
        }
        catch (HostFailedException failed)
        {
            await Console.Error.WriteLineAsync(failed.Message);
            return Failed;
        }
    }

    /// <summary>
    /// Runs a host until it is asked to stop. One of its services that fails ends it too; that must not look like a stop to whoever decides
    /// whether to start the process again.
    /// </summary>
    /// <exception cref="HostFailedException">A service has failed.</exception>
    public static async Task RunUntilStoppedAsync(this IHost host, Func<Task> run)
    {
        var services = host.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToList();

        await run();

        if (services.Find(service => service.ExecuteTask is { IsFaulted: true }) is { } failed)
            throw new HostFailedException(failed.GetType(), failed.ExecuteTask!.Exception!.GetBaseException());
    }

    /// <summary>Checks every variable, then brings the schema up to date, or checks that it is where the host may not.</summary>
    /// <param name="migrate">Whether to migrate even if the host itself may not: for verbs.</param>
    /// <exception cref="OptionsValidationException">A variable is wrong; an `AggregateException` when several options are.</exception>
    /// <exception cref="DatabaseException">The database cannot be reached, is too old, or lacks a migration.</exception>
    public static async Task PrepareAsync(
        this IServiceProvider services,
        bool migrate = false,
        CancellationToken cancellationToken = default
    )
    {
        services.CheckVariables();

        var migrator = services.GetRequiredService<DatabaseMigrator>();
        if (migrate || services.GetRequiredService<IOptions<DatabaseOptions>>().Value.MigrateOnStart)
            await migrator.MigrateAsync(cancellationToken);
        else if (await migrator.PendingAsync(cancellationToken) is { Count: > 0 } pending)
            throw new DatabaseException(
                $"The database lacks {pending.Count} migrations ({string.Join(", ", pending)}) and EVENTIX_MIGRATE_ON_START is false. "
                    + "Apply them with: dotnet run -c Release --project src/Eventix.Worker -- migrate"
            );
    }

    /// <summary>Checks every variable, and nothing else.</summary>
    /// <exception cref="OptionsValidationException">A variable is wrong; an `AggregateException` when several options are.</exception>
    public static void CheckVariables(this IServiceProvider services) => services.GetRequiredService<IStartupValidator>().Validate();

    /// <summary>What <see cref="CheckVariables"/> would throw, a line for each mistake; empty when all is well.</summary>
    public static IReadOnlyList<string> WrongVariables(this IServiceProvider services)
    {
        try
        {
            services.GetService<IStartupValidator>()?.Validate();
            return [];
        }
        catch (Exception refused) when (Mistakes(refused) is { } mistakes)
        {
            return mistakes;
        }
    }

    private static IReadOnlyList<string>? Mistakes(Exception exception) =>
        exception switch
        {
            OptionsValidationException refused => [.. refused.Failures],
            AggregateException several when several.InnerExceptions.All(each => each is OptionsValidationException) =>
            [
                .. several.InnerExceptions.SelectMany(each => Mistakes(each)!).Distinct(StringComparer.Ordinal),
            ],
            _ => null,
        };
}
