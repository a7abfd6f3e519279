using System.CommandLine;
using Eventix.Infrastructure.Configuration;
using Eventix.Worker.Migration;
using Eventix.Worker.Operations;

var worker = new RootCommand("Runs tasks, until it is asked to stop. The verbs do one job and end.")
{
    MigrateVerb.Create(),
    ImportVerb.Create(),
    VerifyVerb.Create(),
    ExportVerb.Create(),
    ResetVerb.Create(),
};
worker.SetAction((_, _) => WorkerHost.RunAsync());

// The host ends on signals by itself, within its own time.
var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
return await worker.Parse(args).InvokeAsync(invocation);
