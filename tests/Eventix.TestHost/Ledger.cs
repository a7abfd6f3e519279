using Npgsql;

namespace Eventix.TestHost;

/// <summary>
/// Where the handlers of this host note what they did: a table in another database than the tasks, so that no transaction covers both. LEDGER
/// names it.
/// </summary>
internal sealed class Ledger : IAsyncDisposable
{
    private readonly NpgsqlDataSource _database = NpgsqlDataSource.Create(
        Environment.GetEnvironmentVariable("LEDGER") ?? throw new InvalidOperationException("LEDGER is not set.")
    );

    public async Task NoteAsync(string uid, int attempt, string effect)
    {
        await using var insert = _database.CreateCommand("INSERT INTO ledger (uid, attempt, process, effect) VALUES ($1, $2, $3, $4)");
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = uid });
        insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = attempt });
        insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Environment.ProcessId });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = effect });

        await insert.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();
}
