using Eventix.Domain.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;
using static System.StringComparison;

namespace Eventix.Infrastructure.Configuration;

public static class HostLog
{
    private const string Template = "[{Timestamp:HH:mm:ss} {Level:u3}] {Message:lj}{NewLine}{Exception}";

    /// <summary>For lines that come out of the run of a task.</summary>
    private const string RunTemplate =
        "[{Timestamp:HH:mm:ss} {Level:u3}] {Message:lj} ({Task} {Uid} in {Namespace}, attempt {Attempt}){NewLine}{Exception}";

    private const string StartFailed = "HostedServiceStartupFaulted";

    /// <summary>Logs for people in a terminal, and one compact JSON object a line otherwise. Ids and counts, never arguments or results.</summary>
    /// <param name="toStandardError">For verbs, whose standard output is their answer.</param>
    public static IServiceCollection AddHostLog(this IServiceCollection services, bool toStandardError = false) =>
        services.AddSerilog(log =>
        {
            log.MinimumLevel.Information()
                .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
                .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
                .MinimumLevel.Override("Npgsql", LogEventLevel.Warning)
                // What ends a start is thrown as well, and told there.
                .Filter.ByExcluding(entry =>
                    entry.Properties.GetValueOrDefault("EventId")?.ToString().Contains(StartFailed, Ordinal) == true
                );

            var isTerminal = toStandardError ? !Console.IsErrorRedirected : !Console.IsOutputRedirected;
            LogEventLevel? errorsFrom = toStandardError ? LogEventLevel.Verbose : null;
            if (isTerminal)
                log.WriteTo.Conditional(IsOfRun, run => run.Console(outputTemplate: RunTemplate, standardErrorFromLevel: errorsFrom))
                    .WriteTo.Conditional(
                        entry => !IsOfRun(entry),
                        other => other.Console(outputTemplate: Template, standardErrorFromLevel: errorsFrom)
                    );
            else
                log.WriteTo.Console(new CompactJsonFormatter(), standardErrorFromLevel: errorsFrom);
        });

    private static bool IsOfRun(LogEvent entry) => entry.Properties.ContainsKey(nameof(EventixTask.Attempt));
}
