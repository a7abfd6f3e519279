using Eventix.Benchmarks.Reports;
using Eventix.Benchmarks.Servers;

namespace Eventix.Benchmarks.Raw;

/// <summary>The limit on this machine: pgbench with the project's own statements, each run in a database of its own and checked afterwards.</summary>
internal sealed class RawRuns(BenchServer server, Scale scale)
{
    public const int Clients = 8;

    // As many as the machines that this is run on have cores: more of them only wait for each other.
    public const int BatchClients = 2;

    public Contestant Insert =>
        new(
            "pgbench single-row insert",
            "tasks/s",
            () => PostAsync(PgbenchScripts.Insert, Clients, batch: 1),
            $"{Clients} clients, prepared"
        );

    public Contestant InsertMany =>
        new(
            $"pgbench insert, batches of {PgbenchScripts.BatchSize}",
            "tasks/s",
            () => PostAsync(PgbenchScripts.InsertMany, BatchClients, PgbenchScripts.BatchSize),
            $"{BatchClients} clients; arrays are made in the server"
        );

    public Contestant Claim =>
        new("pgbench single claim", "tasks/s", () => ClaimAsync(PgbenchScripts.Claim, batch: 1), $"{Clients} clients, a bookmark each");

    public Contestant Cycle =>
        new(
            "pgbench claim + write-back",
            "tasks/s",
            () => CycleAsync(PgbenchScripts.Cycle, Clients, batch: 1),
            $"{Clients} clients, a bookmark each; the write-back is a lean fenced UPDATE"
        );

    public Contestant CycleByOwnStatement =>
        new(
            "pgbench claim + write-back by our own statement",
            "tasks/s",
            () => CycleAsync(PgbenchScripts.CycleByOwnStatement, Clients, batch: 1),
            $"{Clients} clients, a bookmark each; the write-back is the one for sets"
        );

    public Contestant CycleMany =>
        new(
            $"pgbench claim + write-back, batches of {PgbenchScripts.BatchSize}",
            "tasks/s",
            () => CycleAsync(PgbenchScripts.CycleMany, BatchClients, PgbenchScripts.BatchSize),
            $"{BatchClients} clients, a bookmark each"
        );

    private async Task<double> PostAsync(string script, int clients, int batch)
    {
        await using var database = await server.CreateDatabaseAsync();
        await database.SettleAsync();

        var each = Each(clients, batch);
        var rate = batch * await Pgbench.RunAsync(database, script, clients, each);
        Expect(await database.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE status = 'scheduled'"), each * clients * batch);

        return rate;
    }

    private async Task<double> ClaimAsync(string script, int batch)
    {
        await using var database = await FilledAsync();

        var each = Each(Clients, batch);
        var rate = batch * await Pgbench.RunAsync(database, script, Clients, each);
        Expect(await database.ScalarAsync<long>("SELECT count(*) FROM eventix_task WHERE status = 'processing'"), each * Clients * batch);

        return rate;
    }

    private async Task<double> CycleAsync(string script, int clients, int batch)
    {
        await using var database = await FilledAsync();

        var each = Each(clients, batch);
        var rate = batch * await Pgbench.RunAsync(database, script, clients, each);
        await DueTasks.CheckDoneAsync(database, each * clients * batch);

        return rate;
    }

    private async Task<BenchDatabase> FilledAsync()
    {
        var database = await server.CreateDatabaseAsync();

        // A claim that finds nothing would end its client: some are left over.
        await DueTasks.FillAsync(database, scale.Tasks + (10 * PgbenchScripts.BatchSize));
        await database.SettleAsync();

        return database;
    }

    private long Each(int clients, int batch) => Math.Max(1, scale.Tasks / (clients * batch));

    private static void Expect(long found, long expected)
    {
        if (found != expected)
            throw new InvalidOperationException($"pgbench left {found} tasks, and not {expected}.");
    }
}
