using System.CommandLine;
using Eventix.Infrastructure.Configuration;

namespace Eventix.Worker.Migration;

internal static class MigrateVerb
{
    public static Command Create()
    {
        var verb = new Command("migrate", "Brings the database's schema up to date and ends.");

        // Every verb migrates first, and this one has nothing else to do.
        verb.SetAction(
            (_, cancellationToken) =>
                WorkerHost.RunVerbAsync((_, _) => Console.Out.WriteLineAsync("The schema is up to date."), cancellationToken)
        );

        return verb;
    }
}
