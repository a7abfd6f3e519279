using System.CommandLine;
using Eventix.Application.Operations;
using Eventix.Infrastructure.Configuration;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace Eventix.Worker.Operations;

/// <summary>`reset`: 0 when the schema is new and empty, 1 when the database failed, 2 when it was refused.</summary>
internal static class ResetVerb
{
    public static Command Create()
    {
        var name = new Option<string>("--yes-delete-everything")
        {
            Description =
                "The name of the database that DATABASE_URL names, typed once more. Refused for one on another machine, for a name with `prod` or `live` in "
                + "it, and while anybody else is connected.",
            HelpName = "DATABASE",
            Required = true,
        };
        var verb = new Command("reset", "For development: drops every table of Eventix and makes the schema anew, empty.") { name };

        verb.SetAction(
            async (given, cancellationToken) =>
            {
                var outcome = HostStart.Success;
                var started = await WorkerHost.RunVerbAsync(
                    async (services, token) => outcome = await ResetAsync(services, given.GetRequiredValue(name), token),
                    cancellationToken,
                    migrate: false
                );

                return started == HostStart.Success ? outcome : started;
            }
        );

        return verb;
    }

    private static async Task<int> ResetAsync(IServiceProvider services, string name, CancellationToken cancellationToken)
    {
        try
        {
            var dropped = await services.GetRequiredService<IMediator>().Send(new ResetDatabase(name), cancellationToken);
            await Console.Out.WriteLineAsync($"Dropped {dropped.Count} tables of '{name}'. The schema is new and empty.");
            return HostStart.Success;
        }
        catch (ResetRefusedException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return HostStart.Misconfigured;
        }
    }
}
