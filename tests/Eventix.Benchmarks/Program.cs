using System.CommandLine;
using System.CommandLine.Parsing;
using Eventix.Benchmarks;
using Eventix.Benchmarks.Drains;
using Eventix.Benchmarks.Flatness;
using Eventix.Benchmarks.Latency;
using Eventix.Testing;

// Before the first socket: the load generator does next to nothing with an answer, and handing that to another thread costs more than all of it.
// What is measured is not told: a process that is started here has the environment without it.
if (args is not ["contestant", ..])
    Environment.SetEnvironmentVariable(HostProcess.InlineCompletions, "1");

var tasks = new Option<int?>("--tasks") { Description = "Tasks of each run; 100,000 unless given, 10,000 with --quick." };
var rounds = new Option<int?>("--rounds") { Description = "Runs of each contestant; 3 unless given, 1 with --quick." };
var quick = new Option<bool>("--quick") { Description = "Everything that can be measured in under three minutes, at smaller sizes." };
var only = new Option<string[]>("--only") { Description = $"One part, or several: {string.Join(", ", BenchRun.Names)}." };
only.AcceptOnlyFromAmong([.. BenchRun.Names]);
var output = new Option<FileInfo?>("--output") { Description = "Where the Markdown goes beside standard output." };

tasks.Validators.Add(given => Expect(given, 500));
rounds.Validators.Add(given => Expect(given, 1));
output.Validators.Add(given =>
{
    if (given.GetValue(output) is { Directory.Exists: false } file)
        given.AddError($"There is no folder {file.DirectoryName} for --output.");
});

var root = new RootCommand("Measures Eventix beside raw SQL and beside other queues, on a PostgreSQL of its own.")
{
    quick,
    only,
    tasks,
    rounds,
    output,
};
root.SetAction(given =>
    BenchRun.RunAsync(
        Scale.Of(given.GetValue(quick), given.GetValue(tasks), given.GetValue(rounds)),
        given.GetValue(only) ?? [],
        given.GetValue(output),
        args
    )
);

var drained = new Option<int>("--tasks") { Required = true };
var ours = new Command("ours") { drained };
ours.SetAction(given => OursContestant.RunAsync(given.GetValue(drained)));
var hangfire = new Command("hangfire") { drained };
hangfire.SetAction(given => HangfireContestant.RunAsync(given.GetValue(drained)));
var latency = new Command("latency");
latency.SetAction(_ => LatencyContestant.RunAsync());
var parts = new Option<int>("--parts") { Required = true };
var seconds = new Option<int>("--seconds") { Required = true };
var steady = new Command("steady") { parts, seconds };
steady.SetAction(given => SteadyContestant.RunAsync(given.GetValue(parts), given.GetValue(seconds)));
root.Add(
    new Command("contestant", "One of those that are measured: started by the benchmarks themselves.") { ours, hangfire, latency, steady }
);

return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

static void Expect(OptionResult given, int least)
{
    if (given.GetValueOrDefault<int?>() < least)
        given.AddError($"{given.Option.Name} is {given.GetValueOrDefault<int?>()}; allowed is {least} and more.");
}
